import { findLineEnd } from '../../../runtime/config/toml/lexer.ts';
import type { KeyValue, StringValue, Value } from '../../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { cursorAt, sectionAt } from '../../text/cursor.ts';
import { type FixMaker, insert, type TextChange } from './fix.ts';
import { lineBreak } from './lines.ts';

/** An open string, with the lists and tables that are open because of it. */
export const closeString: FixMaker = (analysis, { span }) => {
  const { document, tree } = analysis.syntax;
  const cursor = cursorAt(document, tree, span.from);
  if (cursor.kind !== 'value' || cursor.value.kind !== 'string' || !cursor.value.isOpen) return [];
  const { entries } = sectionAt(document, span.from) ?? document.root;
  const entry = entries.findLast(({ from }) => from <= span.from) ?? cursor.entry;
  const close = cursor.value.isMultiline ? closeMultiline : closeLine;
  const changes = close(analysis, cursor.value, entry);
  return changes ? [{ title: 'Close the string', changes, isPreferred: true }] : [];
};

function closeMultiline({ text }: Analysis, value: StringValue, entry: KeyValue): TextChange[] | undefined {
  if (entry.value !== value) return undefined;
  const quotes = text.slice(value.from, value.from + 3);
  // A backslash or quotes at the end would change what the closing quotes mean.
  const isOnOwnLine = text.slice(value.from, value.to).includes('\n');
  if (/[\\"']$/.test(text.slice(value.from + 3, value.to)))
    return isOnOwnLine ? [insert(value.to, lineBreak(text) + quotes)] : undefined;
  return [insert(value.to, isOnOwnLine && text[value.to - 1] !== '\n' ? lineBreak(text) + quotes : quotes)];
}

/** The string ends before a comment and before what closes the tables around it. */
function closeLine({ text }: Analysis, value: StringValue, entry: KeyValue): TextChange[] | undefined {
  const around = openAround(entry.value, value);
  if (around === undefined) return undefined;
  const quote = text[value.from] ?? '"';
  const line = text.slice(value.from + 1, findLineEnd(text, value.from));
  const pattern = entry.value === value ? /[ \t]*(?:[ \t]#.*)?$/ : /[ \t]*(?:[\]},][\]}, \t]*)?(?:[ \t]#.*)?$/;
  const tail = pattern.exec(line);
  const content = line.slice(0, tail?.index ?? line.length);
  if (quote === '"' && /\\$/.test(content.replaceAll('\\\\', ''))) return undefined;
  const rest = (tail?.[0] ?? '').replace(/[ \t]#.*$/, '').trimEnd();
  const missing = missingClosers(around, rest);
  if (missing === undefined) return undefined;
  const at = value.from + 1 + content.length;
  if (missing === '') return [insert(at, quote)];
  return rest === '' ? [insert(at, quote + missing)] : [insert(at, quote), insert(at + rest.length, missing)];
}

/** The closers of the open lists and tables that end with a value, inner ones first; undefined when one continues. */
function openAround(outer: Value, inner: Value): string[] | undefined {
  const closers: string[] = [];
  for (let value = outer; value !== inner; ) {
    if (value.kind !== 'array' && value.kind !== 'inline') return undefined;
    const items: readonly Value[] = value.kind === 'array' ? value.items : value.entries.map((entry) => entry.value);
    const next = items.find(({ from, to }) => from <= inner.from && inner.to <= to);
    if (next === undefined || (value.isOpen && next !== items.at(-1))) return undefined;
    if (value.isOpen) closers.unshift(value.kind === 'array' ? ']' : '}');
    value = next;
  }
  return closers;
}

function missingClosers(closers: readonly string[], rest: string): string | undefined {
  const present = rest.replaceAll(/[ \t,]/g, '');
  const isPrefix = closers.join('').startsWith(present) || present === '';
  return isPrefix || closers.length === 0 ? closers.slice(present.length).join('') : undefined;
}
