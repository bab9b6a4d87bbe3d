import type { EventOf } from '../../contract/events.ts';
import { hasControls, SEQUENCES } from '../../logs/escapes.ts';
import { painter, wantsColors } from './format.ts';

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

/** A line for this stream: as it is for a file or a program, harmless for a terminal. */
export function showLine(text: string, stream: NodeJS.WriteStream): string {
  return stream.isTTY ? tame(text, wantsColors(stream)) : text;
}

/**
 * A guest writes what it likes, and a terminal obeys: only colours get through, and they end with the line. Other
 * sequences are dropped, single control characters are shown as their pictures (U+2400).
 */
export function tame(text: string, colors: boolean): string {
  if (!hasControls(text)) return text;
  let colored = false;
  const safe = text.replace(SEQUENCES, (sequence: string, parameters?: string, final?: string) => {
    if (final === 'm' && /^[\d;:]*$/.test(parameters ?? '')) {
      colored = colors;
      return colors ? `\u001b[${parameters}m` : '';
    }
    return sequence.length === 1 ? picture(sequence) : '';
  });
  return colored ? `${safe}\u001b[0m` : safe;
}

function picture(control: string): string {
  const code = control.charCodeAt(0);
  // Escape itself, and those of the upper range, which have no pictures.
  if (code === 0x1b || code >= 0x80) return '';
  return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
}
