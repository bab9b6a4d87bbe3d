import type { EventOf } from '../../contract/events.ts';
import { painter } from './format.ts';

type Origin = Pick<EventOf<'log.line'>, 'source' | 'kind'>;

/** `[vm:web-0:serial]`, in a colour of its kind on a terminal. */
export function logPrefix({ source, kind }: Origin, stream: NodeJS.WriteStream): string {
  const color = kind === 'broker' ? 'cyan' : kind === 'serial' ? 'magenta' : 'blue';
  return painter(stream)(color, `[${source}]`);
}

/** What there is to say about a log instead of its lines, or before them. */
export function logNote({ state, note }: EventOf<'log.source'>): string | undefined {
  switch (state) {
    case 'missing':
      return '(log file not created yet)';
    case 'empty':
      return '(no log entries yet)';
    case 'unreadable':
      return `(cannot be read: ${note ?? 'no reason given'})`;
    case 'present':
      return note === undefined ? undefined : `(${note})`;
  }
}
