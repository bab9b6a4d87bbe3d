import { createLogUpdate } from 'log-update';
import type { Event, Phase } from '../../events.ts';
import { phaseWords, renderEvent } from './events.ts';
import { formatDuration, painter } from './format.ts';
import type { EventDisplay } from './text.ts';

/** A clock that shows tenths looks alive; it stops with the last VM. */
const REDRAW_MS = 100;

interface Row {
  readonly phase: Phase;
  readonly startedAt: number;
}

/** One line per starting VM with its step and elapsed time, below the lines that stay. For terminals only. */
export function liveDisplay(stream: NodeJS.WriteStream): EventDisplay {
  const rows = new Map<string, Row>();
  const log = createLogUpdate(stream);
  const paint = painter(stream);
  const draw = () => log([...rows].map(([vm, row]) => renderRow(vm, row, paint)).join('\n'));
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
        process[line.stream].write(`${line.text}\n`);
      }
      if (rows.size === 0) return stop();
      timer ??= setInterval(draw, REDRAW_MS).unref();
      draw();
    },
    finish: stop,
  };
}

function isShownInRow(event: Event): boolean {
  return event.type === 'vm.phase';
}

function update(rows: Map<string, Row>, event: Event): void {
  if (event.type === 'vm.phase' && event.phase !== 'ready') {
    rows.set(event.vm, { phase: event.phase, startedAt: rows.get(event.vm)?.startedAt ?? performance.now() });
  } else if (
    event.type === 'vm.ready' ||
    event.type === 'vm.not-ready' ||
    event.type === 'vm.failed' ||
    event.type === 'vm.rolled-back'
  ) {
    rows.delete(event.vm);
  }
}

function renderRow(vm: string, { phase, startedAt }: Row, paint: ReturnType<typeof painter>): string {
  return `${paint('cyan', '●')} ${paint('bold', vm)} ${phaseWords[phase]} ${paint('dim', formatDuration(performance.now() - startedAt))}`;
}
