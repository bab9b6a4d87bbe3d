import type { BusMessageEvent, BusStatsOutcome } from '../../contract/bus.ts';
import { type Color, formatBytes, formatClock, painter } from './format.ts';
import { harmless } from './print.ts';
import { type Column, renderTable } from './table.ts';

const TOPIC_COLOR: Color = 'cyan';

/** `11:04:11 web-0 metrics.cpu {"load":0.4}`; with `pretty` the payload over several lines. */
export function renderMessage(event: BusMessageEvent, pretty = false, stream = process.stdout): string {
  const { time, from, topic, payload } = event;
  const clock = new Date(time).toLocaleTimeString('en-GB');
  const text = JSON.stringify(payload, null, pretty ? 2 : 0);
  const body = text.split('\n').map((line) => harmless(line, stream));
  return `${clock} ${from} ${painter(stream)(TOPIC_COLOR, topic)} ${body.join('\n')}`;
}

export function renderStats({
  port,
  pid,
  uptimeMs,
  memoryBytes,
  published,
  delivered,
  dropped,
  sessions,
}: BusStatsOutcome): string {
  const head = [
    `Broker: 127.0.0.1:${port} (pid ${pid}), up ${formatClock(uptimeMs)}, ${formatBytes(memoryBytes)} of memory`,
    `Messages: ${published} published, ${delivered} delivered, ${dropped} dropped`,
    '',
  ];
  if (sessions.length === 0) return `${head.join('\n')}No guest and no program is connected.\n`;
  const rows = sessions.map((one) => [
    ...[one.name, one.remote, String(one.published), String(one.delivered), String(one.dropped), String(one.queued)],
    one.topics.join(', '),
  ]);
  return `${[...head, ...renderTable(COLUMNS, rows)].join('\n')}\n`;
}

const COLUMNS: readonly Column[] = [
  { name: 'NAME' },
  { name: 'OVER' },
  ...['PUBLISHED', 'DELIVERED', 'DROPPED', 'QUEUED'].map((name) => ({ name, align: 'right' as const })),
  { name: 'TOPICS' },
];
