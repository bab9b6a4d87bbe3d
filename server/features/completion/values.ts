import { CompletionItemKind } from 'vscode-languageserver';
import type { Analysis } from '../../documents/analysis.ts';
import type { Cursor } from '../../text/cursor.ts';
import { shapeOf } from '../../text/keyDescriptions.ts';
import { type DocumentSchema, type Schema, schemaAt, typesOf } from '../../text/schema.ts';
import { type Idea, ideasFor, namesOf } from './ideas.ts';
import { characterBefore } from './lines.ts';
import { inSnippet, type Proposal } from './proposal.ts';
import { tableSkeleton, valueSkeleton } from './skeletons.ts';
import { quoted, tokenAt, type ValueToken } from './token.ts';

type ValueCursor = Extract<Cursor, { kind: 'value' }>;

/** Values for a place, without paths. */
export function completeValue(analysis: Analysis, { path, value }: ValueCursor, offset: number): Proposal[] {
  const token = tokenAt(analysis.text, value, offset);
  const schema = schemaAt(analysis.schema, path);
  if (token === undefined || schema === undefined || isFinished(value, schema, offset)) return [];
  const isItem = typeof path.at(-1) === 'number';
  if (isItem && value.kind === 'missing' && !'[,'.includes(characterBefore(analysis.syntax.document, offset)))
    return [];
  const ideas = ideasFor(analysis, path, schema).map((idea, index) => proposeIdea(idea, token, index));
  return value.kind === 'missing' ? [...ideas, ...skeletons(analysis.schema, path, token)] : ideas;
}

/**
 * Whether a value is complete and the cursor behind it: the only thing that fits is what stands there, and a list of it
 * would take the Enter that is to end the line.
 */
function isFinished(value: ValueCursor['value'], schema: Schema, offset: number): boolean {
  if (offset < value.to) return false;
  if (value.kind === 'string') return !value.isOpen;
  const types = typesOf(schema);
  // Where a number means MiB, its unit may follow.
  return types.includes(value.kind) && !types.includes('string');
}

function proposeIdea({ value, detail, open = false }: Idea, token: ValueToken, order: number): Proposal {
  const { quote, replaces, indent } = token;
  const isText = typeof value === 'string';
  const written = isText ? quoted(value, quote) : String(value);
  return {
    label: String(value),
    kind: isText ? CompletionItemKind.EnumMember : CompletionItemKind.Value,
    replaces,
    text: indent + written,
    filter: quote === '' ? String(value) : quote + (isText ? written.slice(1) : written),
    order,
    ...(open ? { snippet: `${indent}${inSnippet(written.slice(0, -1))}$1${written.at(-1)}` } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
}

const CLOUD_CONFIG = '"""\n#cloud-config\n$1\n"""';

/** Lists, tables and texts that are still to be filled; only clients with tab stops can do something with them. */
function skeletons(root: DocumentSchema, path: ValueCursor['path'], { replaces, indent }: ValueToken): Proposal[] {
  const base = { kind: CompletionItemKind.Snippet, replaces, text: '', order: 90 };
  if (namesOf(path).endsWith('user_data')) {
    const snippet = indent + CLOUD_CONFIG;
    return [{ ...base, label: '#cloud-config', filter: '#cloud-config', detail: 'written here', snippet }];
  }
  const schema = schemaAt(root, path);
  if (schema?.type !== 'array' && schema?.type !== 'object') return [];
  // A row of a list of tables has the shape of one table.
  const snippet = shapeOf(root, path) === 'table' ? tableSkeleton(root, path) : valueSkeleton(root, path);
  const label = snippet.replaceAll(/"?\$\d"?/g, '…');
  return [{ ...base, label, filter: label, snippet: indent + snippet, continues: true }];
}
