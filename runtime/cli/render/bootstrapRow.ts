import type { Event } from '../../contract/events.ts';
import { titleOf } from './bootstrap.ts';
import { formatDuration } from './format.ts';
import { harmless } from './print.ts';

/** A bootstrap that runs, in the live view. */
export interface BootstrapRow {
  readonly title: string;
  readonly place: string;
  readonly percent?: number;
  /** What the script printed last. */
  readonly line?: string;
  readonly startedAt: number;
}

const LONGEST_LINE = 60;

/** The row after an event; undefined when there is none any more. */
export function nextBootstrapRow(event: Event, before: BootstrapRow | undefined): BootstrapRow | undefined {
  switch (event.type) {
    case 'bootstrap.started':
      return { title: 'begins', place: '', startedAt: performance.now() };
    case 'bootstrap.step': {
      const place = event.index === undefined ? '' : ` (step ${event.index}/${event.count})`;
      const title = event.status === 'waiting' ? `waits ${event.detail ?? ''}` : titleOf(event);
      return { title, place, startedAt: performance.now() };
    }
    case 'bootstrap.progress': {
      const percent = Math.floor((100 * event.doneBytes) / Math.max(1, event.totalBytes));
      return before && { ...before, percent };
    }
    case 'bootstrap.output': {
      const line = event.text.trimEnd().split('\n').at(-1)?.slice(0, LONGEST_LINE);
      return before && { ...before, ...(line ? { line } : {}) };
    }
    case 'bootstrap.completed':
    case 'bootstrap.failed':
    case 'bootstrap.skipped':
      return undefined;
    default:
      return before;
  }
}

export function renderBootstrapRow(row: BootstrapRow, dim: (text: string) => string): string {
  const { title, place, percent, line, startedAt } = row;
  const share = percent === undefined ? '' : ` ${percent} %`;
  const took = formatDuration(performance.now() - startedAt);
  const said = line === undefined ? '' : `  ${harmless(line, process.stdout)}`;
  return `bootstrap: ${title}${share}${place} ${dim(`${took}${said}`)}`;
}
