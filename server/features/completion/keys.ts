import { CompletionItemKind } from 'vscode-languageserver';
import { nodeAt } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { TomlDocument } from '../../../runtime/config/toml/syntax.ts';
import type { TableNode } from '../../../runtime/config/toml/tree.ts';
import type { Analysis } from '../../documents/analysis.ts';
import type { Cursor } from '../../text/cursor.ts';
import { detailOf, documentationOf, isRequired, shapeOf } from '../../text/keyDescriptions.ts';
import { type Schema, schemaAt } from '../../text/schema.ts';
import { headersAtKey } from './headers.ts';
import { hasIdeas } from './ideas.ts';
import { characterBefore, lineAfter, lineBefore, onCursorLine } from './lines.ts';
import type { Proposal } from './proposal.ts';
import { valueSkeleton } from './skeletons.ts';

type KeyCursor = Extract<Cursor, { kind: 'key' }>;

/** What is written most, first; the others follow in the order of the schema. */
const BY_USE = [
  'base_image',
  'cpus',
  'memory',
  'port_forwards',
  'count',
  'ready',
  'ssh_user',
  'bootstrap',
  'instances',
];

/** Keys, and headers where a line begins. */
export function completeKey(analysis: Analysis, cursor: KeyCursor, offset: number): Proposal[] {
  const { text } = analysis;
  if (!mayBegin(analysis.syntax.document, cursor)) return [];
  const replaces = onCursorLine(text, cursor.part, offset);
  const isFirst = cursor.entry === undefined || cursor.entry.key.from === cursor.part.from;
  const headers = isFirst && cursor.inline === undefined ? headersAtKey(analysis, replaces) : [];
  return [...keys(analysis, cursor, replaces), ...headers];
}

/** A key begins a line, or follows a dot, a comma or a brace; anywhere else an `=` or a line break is missing first. */
function mayBegin(document: TomlDocument, { part, inline, entry }: KeyCursor): boolean {
  const isDotted = entry !== undefined && entry.key.from < part.from;
  if (isDotted) return characterBefore(document, part.from) === '.';
  if (inline) return '{,'.includes(characterBefore(document, part.from) || ' ');
  return lineBefore(document.text, part.from).trim() === '';
}

function keys(analysis: Analysis, cursor: KeyCursor, replaces: Proposal['replaces']): Proposal[] {
  const schema = schemaAt(analysis.schema, cursor.table);
  const names = Object.keys(schema?.properties ?? {});
  const present = tableAt(analysis, cursor);
  const tail = tailAt(analysis.text, cursor, replaces.to);
  return names.flatMap((name, index) => {
    const property = schemaAt(analysis.schema, [...cursor.table, name]);
    if (schema === undefined || property === undefined || property.deprecated) return [];
    if (!isKnown(name, analysis, cursor)) return [];
    const entry = present?.entries.get(name);
    const isOwn = entry?.key.from === cursor.part.from;
    const mayGrow = entry?.node.kind === 'table' && entry.node.origin === 'dotted';
    if (entry && !isOwn && !mayGrow) return [];
    const order = isRequired(schema, name) ? index : 50 + useOf(name, index);
    const filter = cursor.isQuoted ? (analysis.text[replaces.from] ?? '') + name : name;
    const proposal = keyProposal(analysis, cursor, name, mayGrow && !isOwn ? 'dot' : tail);
    const continues = proposal.continues && hasIdeas(analysis, [...cursor.table, name]);
    return [{ ...proposal, continues: continues ?? false, filter, replaces, order, ...about(property, schema, name) }];
  });
}

const useOf = (name: string, index: number): number => (BY_USE.includes(name) ? BY_USE.indexOf(name) : 20 + index);

function about(property: Schema, parent: Schema, name: string): Pick<Proposal, 'detail' | 'documentation'> {
  return { detail: detailOf(property, isRequired(parent, name)), documentation: documentationOf(property) };
}

function tableAt({ syntax }: Analysis, { table }: KeyCursor): TableNode | undefined {
  const { node, rest } = nodeAt(syntax.tree, table);
  return rest.length === 0 && node.kind === 'table' ? node : undefined;
}

/** Version 0.1 has no replicas; tables of the document are written as headers, unless their name stands there already. */
function isKnown(name: string, { draft, schema, text }: Analysis, { table, part }: KeyCursor): boolean {
  if (['count', 'instances'].includes(name)) return !/^0\.1\b/.test(draft.version);
  if (table.length > 0 || shapeOf(schema, [name]) === 'other') return true;
  return /^[ \t]*[.=]/.test(lineAfter(text, part.to));
}

/** What follows a key: nothing where an `=` or a dot stands already, else the `=`, with a value if the rest is free. */
type Tail = 'none' | 'equals' | 'value' | 'dot';

function tailAt(text: string, { inline }: KeyCursor, to: number): Tail {
  const rest = lineAfter(text, to).trimStart();
  if (/^[.=:]/.test(rest)) return 'none';
  return rest === '' || rest.startsWith('#') || (inline && /^[,}]/.test(rest)) ? 'value' : 'equals';
}

function keyProposal(
  { schema }: Analysis,
  cursor: KeyCursor,
  name: string,
  tail: Tail,
): Omit<Proposal, 'replaces' | 'order' | 'filter'> {
  const base = { label: name, kind: CompletionItemKind.Property };
  switch (tail) {
    case 'none':
      return { ...base, text: name };
    case 'dot':
      return { ...base, text: `${name}.`, continues: true };
    case 'equals':
      return { ...base, text: `${name} =` };
    case 'value': {
      const skeleton = valueSkeleton(schema, [...cursor.table, name]);
      const isPlain = skeleton === '$1';
      const snippet = isPlain ? {} : { snippet: `${name} = ${skeleton}` };
      return { ...base, text: `${name} = `, ...snippet, continues: true };
    }
  }
}
