import { hasControls, SEQUENCES } from '../../logs/escapes.ts';
import { wantsColors } from './format.ts';

/**
 * Writes text that may have come from a guest, a server or a file: its banner, its output, an error in its words. A
 * terminal gets it without what it would obey; a file and a program get the bytes.
 */
export function print(stream: NodeJS.WriteStream, text: string): void {
  stream.write(harmless(text, stream));
}

/** Text of several lines, for this stream. */
export function harmless(text: string, stream: NodeJS.WriteStream): string {
  if (!stream.isTTY) return text;
  const colors = wantsColors(stream);
  return text
    .split('\n')
    .map((line) => tame(line.replace(/\r$/, ''), colors))
    .join('\n');
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
