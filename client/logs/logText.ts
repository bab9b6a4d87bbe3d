import { hasControls, SEQUENCES } from '../../runtime/logs/escapes.ts';

/** A line as an output channel can show it: what a terminal would obey is left out, what was overwritten is gone. */
export function plainLine(line: string): string {
  if (!hasControls(line)) return line;
  const [shown = ''] = line.split('\r').filter(isVisible).slice(-1);
  return eraseBackspaced(shown).replace(SEQUENCES, '');
}

/** A carriage return alone, or before a sequence that erases, overwrites nothing yet. */
const isVisible = (part: string): boolean => part.replace(SEQUENCES, '') !== '';

/** A shell takes back a character by backspace, space, backspace. */
function eraseBackspaced(text: string): string {
  if (!text.includes('\b')) return text;
  const kept: string[] = [];
  for (const character of text) {
    if (character === '\b') kept.pop();
    else kept.push(character);
  }
  return kept.join('');
}

/** What an output channel receives; `replace` puts this instead of all that was there. */
export interface TextSink {
  append(text: string): void;
  replace(text: string): void;
}

export interface TextBounds {
  /** Characters after which a channel is emptied: VS Code holds all of it in memory, and shows 30 MB at most. */
  readonly full: number;
  /** Characters of the end that stay then. */
  readonly kept: number;
}

/** Appends to a channel, which starts again with its end when it is full. `note` says where the rest is. */
export function boundedText(sink: TextSink, { full, kept }: TextBounds, note: string): (text: string) => void {
  let size = 0;
  let end = '';
  return (text) => {
    end += text;
    if (end.length > 2 * kept) end = lastLines(end, kept);
    size += text.length;
    if (size <= full) return sink.append(text);
    end = lastLines(end, kept);
    size = end.length;
    sink.replace(`${note}\n${end}`);
  };
}

/** Whole lines from the end of a text, unless its last line alone is longer. */
function lastLines(text: string, length: number): string {
  if (text.length <= length) return text;
  const from = text.length - length;
  const start = text.indexOf('\n', from - 1) + 1;
  return text.slice(start === 0 || start === text.length ? from : start);
}
