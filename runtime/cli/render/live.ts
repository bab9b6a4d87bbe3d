import { createLogUpdate } from 'log-update';
import type { Event } from '../../contract/events.ts';
import type { Phase } from '../../contract/vocabulary.ts';
import { type BootstrapRow, nextBootstrapRow, renderBootstrapRow } from './bootstrapRow.ts';
import { phaseWords, renderEvent } from './events.ts';
import { formatDuration, painter } from './format.ts';
import { type ImageRow, nextImageRow, renderImageRow } from './imageRow.ts';
import { harmless, print } from './print.ts';
import type { EventDisplay } from './text.ts';

/** A clock that shows tenths looks alive; it stops with the last VM. */
const REDRAW_MS = 100;

/** A VM that starts, or an image that comes. Names of VMs have no colon, URLs have one. */
type Row =
  | { readonly kind: 'vm'; readonly phase: Phase; readonly startedAt: number }
  | { readonly kind: 'image'; readonly row: ImageRow }
  | { readonly kind: 'bootstrap'; readonly row: BootstrapRow };

/** One line per starting VM and per download, below the lines that stay. For terminals only. */
export function liveDisplay(stream: NodeJS.WriteStream): EventDisplay {
  const rows = new Map<string, Row>();
  const log = createLogUpdate(stream);
  const paint = painter(stream);
  const draw = () => log(harmless([...rows].map(([vm, row]) => renderRow(vm, row, paint)).join('\n'), stream));
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    log.clear();
  };
  return {
    show(event) {
      update(rows, event);
      const line = isShownInRow(event) ? undefined : renderEvent(event);
      if (line) {
        log.clear();
        print(process[line.stream], `${line.text}\n`);
      }
      if (rows.size === 0) return stop();
      timer ??= setInterval(draw, REDRAW_MS).unref();
      draw();
    },
    pause: () => log.clear(),
    finish: stop,
  };
}

function isShownInRow(event: Event): boolean {
  return event.type === 'vm.phase' || event.type === 'image.progress' || event.type === 'bootstrap.progress';
}

function update(rows: Map<string, Row>, event: Event): void {
  if (event.type.startsWith('bootstrap.') && 'vm' in event) {
    const before = rows.get(event.vm);
    const row = nextBootstrapRow(event, before?.kind === 'bootstrap' ? before.row : undefined);
    if (row) rows.set(event.vm, { kind: 'bootstrap', row });
    else if (before?.kind === 'bootstrap') rows.delete(event.vm);
  } else if (event.type === 'vm.phase' && event.phase !== 'ready') {
    const before = rows.get(event.vm);
    const startedAt = before?.kind === 'vm' ? before.startedAt : performance.now();
    rows.set(event.vm, { kind: 'vm', phase: event.phase, startedAt });
  } else if (event.type === 'image.progress') {
    const before = rows.get(event.url);
    rows.set(event.url, { kind: 'image', row: nextImageRow(event, before?.kind === 'image' ? before.row : undefined) });
  } else if (event.type.startsWith('image.')) {
    // Another mirror has another URL; a download that continues is back with its next bytes.
    for (const [url, { kind }] of rows) if (kind === 'image') rows.delete(url);
  } else if (
    event.type === 'vm.ready' ||
    event.type === 'vm.not-ready' ||
    event.type === 'vm.failed' ||
    event.type === 'vm.rolled-back'
  ) {
    rows.delete(event.vm);
  }
}

function renderRow(name: string, row: Row, paint: ReturnType<typeof painter>): string {
  if (row.kind === 'image') return `${paint('cyan', '↓')} ${renderImageRow(name, row.row)}`;
  if (row.kind === 'bootstrap')
    return `${paint('cyan', '●')} ${paint('bold', name)} ${renderBootstrapRow(row.row, (text) => paint('dim', text))}`;
  const { phase, startedAt } = row;
  return `${paint('cyan', '●')} ${paint('bold', name)} ${phaseWords[phase]} ${paint('dim', formatDuration(performance.now() - startedAt))}`;
}
