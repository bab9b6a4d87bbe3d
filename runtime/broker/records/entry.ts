import type { Message } from '../protocol/brokerFrames.ts';

/** A message as it is recorded. */
export type Entry = Omit<Message, 'inbox'>;

/** One line of `bus.log`; keys in the order of the original's. */
export function formatEntry({ seq, from, time, topic, payload }: Entry): string {
  return `{"payload":${payload},"seq":${seq},"time":${time},"timestamp":${Math.floor(time / 1000)},"topic":"${topic}","vm":"${from}"}\n`;
}

/** Undefined for a line that is damaged, or not one of ours. */
export function parseEntry(line: string): Entry | undefined {
  try {
    const { payload, seq, time, topic, vm } = JSON.parse(line) as Record<string, unknown>;
    if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(time)) return undefined;
    if (typeof topic !== 'string' || typeof vm !== 'string' || payload === undefined) return undefined;
    return { seq: seq as number, time: time as number, topic, from: vm, payload: JSON.stringify(payload) };
  } catch {
    return undefined;
  }
}
