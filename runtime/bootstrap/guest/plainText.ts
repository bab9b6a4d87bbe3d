import { hasControls, SEQUENCES } from '../../logs/escapes.ts';

/** What a guest printed, for a message: lines without escape sequences and control characters. */
export function plainText(text: string): string {
  const lines = text.split('\n');
  return lines.map((line) => (hasControls(line) ? line.replace(SEQUENCES, '') : line)).join('\n');
}
