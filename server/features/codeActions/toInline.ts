import { findLineEnd } from '../../../runtime/config/toml/lexer.ts';
import { nodeAt } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { Section } from '../../../runtime/config/toml/syntax.ts';
import type { TableNode } from '../../../runtime/config/toml/tree.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { sectionAt } from '../../text/cursor.ts';
import { sectionPath } from '../../text/sections.ts';
import { type Fix, insert } from './fix.ts';
import { lineBreak } from './lines.ts';
import { removeSection } from './managedImage.ts';
import { hasComment } from './toHeader.ts';

/** `[a.b]` to `b = { … }` in `[a]`, and all of `[[a.b]]` to one list. Not where a comment would be lost. */
export function toInline(analysis: Analysis, offset: number): Fix | undefined {
  const { syntax, text } = analysis;
  const { document, tree } = syntax;
  const section = sectionAt(document, offset);
  const parts = section?.header.key?.parts ?? [];
  const name = parts.at(-1);
  if (section === undefined || name === undefined || offset > section.header.to || document.errors.length > 0) return;
  const path = sectionPath(tree, section);
  const place = path.slice(0, section.header.isArray ? -2 : -1);
  const parent = nodeAt(tree, place);
  // At the top a list of tables would be one long line of everything.
  if (parent.node.kind !== 'table' || (section.header.isArray && parts.length === 1)) return;
  const own = parent.node.entries.get(name.text)?.node;
  const tables = own?.kind === 'tableArray' ? own.rows : own?.kind === 'table' ? [own] : [];
  const sections = tables.map((table) => document.root.sections.find(({ header }) => header === table.header));
  if (!sections.every((one) => one !== undefined) || !tables.every((table) => isPlain(table, sections))) return;
  if (sections.some((one) => hasComment(analysis, { from: one.from, to: findLineEnd(text, one.to) }))) return;
  const at = endOfTable(analysis, parent.node);
  if (at === undefined) return;
  const eol = lineBreak(text);
  const rows = sections.map((one) => inBraces(text, one));
  const isList = section.header.isArray;
  const key = text.slice(name.from, name.to);
  const value = isList ? `[${eol}${rows.map((row) => `  ${row},${eol}`).join('')}]` : (rows[0] ?? '{}');
  const removals = sections.map((one) => removeSection(analysis, one));
  const added = insert(at, at === 0 ? `${key} = ${value}${eol}` : `${eol}${key} = ${value}`);
  return { title: `Convert to \`${key} = ${isList ? '[{ … }]' : '{ … }'}\``, changes: [added, ...removals] };
}

/** Opened by its own header, and nothing in it opened by another one. */
function isPlain(table: TableNode, sections: readonly (Section | undefined)[]): boolean {
  if (table.origin !== 'header') return false;
  const headers = new Set(sections.map((section) => section?.header));
  return (
    headers.has(table.header ?? undefined) && [...table.entries.values()].every(({ header }) => header === undefined)
  );
}

/** Behind the last entry of a table that a header opened, or of the document. */
function endOfTable({ syntax: { document }, text }: Analysis, table: TableNode): number | undefined {
  if (table.origin === 'root') {
    const last = document.root.entries.at(-1);
    return last ? findLineEnd(text, last.to) : undefined;
  }
  if (table.origin !== 'header') return undefined;
  const section = document.root.sections.find(({ header }) => header === table.header);
  return section && findLineEnd(text, section.to);
}

function inBraces(text: string, { entries }: Section): string {
  if (entries.length === 0) return '{}';
  return `{ ${entries.map(({ from, to }) => text.slice(from, to)).join(', ')} }`;
}
