import { CompletionItemKind } from 'vscode-languageserver';
import type { Header, Span } from '../../../runtime/config/toml/syntax.ts';
import type { TableNode, TomlNode } from '../../../runtime/config/toml/tree.ts';
import type { Analysis } from '../../documents/analysis.ts';
import type { Cursor } from '../../text/cursor.ts';
import { documentationOf, isRequired, shapeOf } from '../../text/keyDescriptions.ts';
import { type DocumentSchema, schemaAt } from '../../text/schema.ts';
import { hasIdeas } from './ideas.ts';
import { lineAfter, lineBefore, onCursorLine } from './lines.ts';
import type { Proposal } from './proposal.ts';
import { requiredEntries } from './skeletons.ts';

interface Candidate {
  readonly path: readonly string[];
  readonly isArray: boolean;
}

/** Every header that the schema knows, outer ones first. */
function candidatesOf(root: DocumentSchema): readonly Candidate[] {
  const known = collected.get(root) ?? collect(root, []);
  collected.set(root, known);
  return known;
}

const collected = new WeakMap<DocumentSchema, readonly Candidate[]>();

function collect(root: DocumentSchema, path: readonly string[]): Candidate[] {
  const table = schemaAt(root, path);
  const properties = Object.keys((table?.items ? schemaAt(root, [...path, 0]) : table)?.properties ?? {});
  return properties.flatMap((name) => {
    const inner = [...path, name];
    const shape = shapeOf(root, inner);
    return shape === 'other' ? [] : [{ path: inner, isArray: shape === 'tables' }, ...collect(root, inner)];
  });
}

/** Headers instead of the one under the cursor. */
export function headersInHeader(
  analysis: Analysis,
  { header }: Extract<Cursor, { kind: 'header' }>,
  offset: number,
): Proposal[] {
  const { text } = analysis;
  const rest = /^[ \t]*\]+/.exec(text.slice(header.to, header.to + 20))?.[0].length ?? 0;
  const replaces = onCursorLine(text, { from: header.from, to: header.to + rest }, offset);
  if (lineBefore(text, replaces.from).trim() !== '') return [];
  const typed = /^[[ \t]*/.exec(text.slice(header.from, offset))?.[0] ?? '';
  const section = analysis.syntax.document.root.sections.find((one) => one.header === header);
  const isBare = section?.entries.length === 0 && lineAfter(text, replaces.to).trim() === '';
  return propose(analysis, { replaces, typed, isBare, header });
}

/** Headers where a key could stand. */
export function headersAtKey(analysis: Analysis, replaces: Span): Proposal[] {
  const { text } = analysis;
  const rest = lineAfter(text, replaces.to).trim();
  if (lineBefore(text, replaces.from).trim() !== '' || !(rest === '' || rest.startsWith('#'))) return [];
  return propose(analysis, { replaces, typed: '', isBare: rest === '', header: undefined });
}

interface Place {
  readonly replaces: Span;
  /** Brackets that stand there already: a client compares them too. */
  readonly typed: string;
  /** Whether nothing stands behind and below it yet, so that its required keys can. */
  readonly isBare: boolean;
  readonly header: Header | undefined;
}

const MISSING = 190;
const OPTIONAL = 200;

function propose(analysis: Analysis, { replaces, typed, isBare, header }: Place): Proposal[] {
  const { tree, document } = analysis.syntax;
  const root = analysis.schema;
  // Above all tables the next thing is a table; inside of one, more of its keys.
  const isAbove = (document.root.sections[0]?.from ?? replaces.from) >= replaces.from;
  const missingOrder = isAbove ? 10 : MISSING;
  return candidatesOf(root)
    .filter((candidate) => mayStand(analysis, candidate, replaces.from, header))
    .map(({ path, isArray }, index) => {
      const name = path.join('.');
      const text = isArray ? `[[${name}]]` : `[${name}]`;
      const entries = isBare ? requiredEntries(root, path) : [];
      const schema = schemaAt(root, isArray ? [...path, 0] : path);
      const isMissing = path.length === 1 && isRequired(schemaAt(root, []), name) && !tree.entries.has(name);
      return {
        label: text,
        kind: CompletionItemKind.Struct,
        replaces,
        text,
        filter: typed + name,
        order: (isMissing ? missingOrder : OPTIONAL) + index,
        ...(entries.length > 0 ? { snippet: [text, ...entries].join('\n') } : {}),
        ...(schema ? { documentation: documentationOf(schema) } : {}),
        continues: entries.length > 0 && hasIdeas(analysis, path),
      };
    });
}

/** Whether a header at an offset would be a valid one, if `own` were not there. */
function mayStand(
  { schema, syntax }: Analysis,
  { path, isArray }: Candidate,
  offset: number,
  own: Header | undefined,
): boolean {
  let table: TableNode = syntax.tree;
  for (const [depth, name] of path.entries()) {
    const entry = table.entries.get(name);
    if (depth === path.length - 1) {
      if (entry === undefined || (own !== undefined && entry.header === own)) return true;
      if (!isArray) return isUnopened(entry.node, own);
      // A header further down speaks of a row that is still to be opened here.
      const isImplied = isUnopened(entry.node, own) && (entry.header?.from ?? 0) > offset;
      return entry.node.kind === 'tableArray' || isImplied;
    }
    const inner = entry && tableBefore(entry.node, offset, own);
    // Only a list needs a row to belong to; `[bootstrap.env]` may stand without `[bootstrap]`.
    if (inner === undefined) return entry === undefined && shapeOf(schema, path.slice(0, depth + 1)) === 'table';
    table = inner;
  }
  return false;
}

function tableBefore(node: TomlNode, offset: number, own: Header | undefined): TableNode | undefined {
  if (node.kind === 'table') return node.origin === 'inline' || node.origin === 'dotted' ? undefined : node;
  if (node.kind !== 'tableArray') return undefined;
  return node.rows.findLast(({ header }) => header !== own && (header?.from ?? offset) < offset);
}

function isUnopened(node: TomlNode, own: Header | undefined): boolean {
  if (node.kind !== 'table') return false;
  return node.origin === 'implied' || node.origin === 'implied-by-array' || (own !== undefined && node.header === own);
}
