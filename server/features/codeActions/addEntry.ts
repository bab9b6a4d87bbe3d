import { findLineEnd, findLineStart } from '../../../runtime/config/toml/lexer.ts';
import { nodeAt, type TomlPath } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { InlineTable } from '../../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { insert, type TextChange } from './fix.ts';
import { indentAt, isFirstOnLine, lineBreak } from './lines.ts';

/** Puts `key = value` into the table at a path, in the way that the table is written; `isFirst` before its others. */
export function addEntry(analysis: Analysis, path: TomlPath, entry: string, isFirst: boolean): TextChange | undefined {
  const { text, syntax } = analysis;
  const { node, rest, key, keyValue } = nodeAt(syntax.tree, path);
  if (rest.length > 0 || node.kind !== 'table') return undefined;
  if (node.value) return intoBraces(text, node.value, entry, isFirst);
  if (node.origin === 'dotted' && key && keyValue) {
    const dotted = `${text.slice(keyValue.key.from, key.to)}.${entry}`;
    if (!isFirstOnLine(text, keyValue.from)) return insert(keyValue.from, `${dotted}, `);
    return insert(keyValue.from, dotted + lineBreak(text) + indentAt(text, keyValue.from));
  }
  if (node.origin !== 'header' || !node.header?.isClosed) return undefined;
  return insert(findLineEnd(text, node.header.to), lineBreak(text) + indentAt(text, node.header.from) + entry);
}

function intoBraces(text: string, table: InlineTable, entry: string, isFirst: boolean): TextChange | undefined {
  const { from, to, isOpen, entries } = table;
  const last = entries.at(-1);
  if (isOpen) return undefined;
  if (last === undefined) {
    return text.slice(from + 1, to - 1).trim() === '' ? { from, to, text: `{ ${entry} }` } : undefined;
  }
  if (!isFirst) return insert(last.to, `, ${entry}`);
  return insert(from + 1, ` ${entry},${/\s/.test(text[from + 1] ?? '') ? '' : ' '}`);
}

/** Above the first statement, and above a comment that belongs to it, but below what the file begins with. */
export function addAbove(analysis: Analysis, before: number | undefined, lines: readonly string[]): TextChange {
  const { text } = analysis;
  const eol = lineBreak(text);
  if (before === undefined) return addBelow(analysis, lines);
  const top = text.startsWith('\uFEFF') ? 1 : 0;
  const own = Math.max(top, findLineStart(text, before));
  let at = own;
  while (at > top) {
    const above = findLineStart(text, at - 1);
    if (!/^[ \t]*#/.test(text.slice(above, at))) break;
    at = above;
  }
  const isTitle = at <= top;
  return insert(isTitle ? own : at, [...lines, ''].join(eol));
}

/** At the end of the text, behind an empty line when it is a table. */
export function addBelow({ text }: Analysis, lines: readonly string[]): TextChange {
  const eol = lineBreak(text);
  const isEmpty = text.replace(/^\uFEFF/, '').trim() === '';
  const gap = isEmpty ? '' : text.endsWith('\n') ? eol : eol + eol;
  const start = isEmpty && text !== '' && !/[\n\uFEFF]$/.test(text) ? eol : gap;
  return insert(text.length, start + [...lines, ''].join(eol));
}
