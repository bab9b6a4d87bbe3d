import type { SemanticTokens, SemanticTokensParams, ServerCapabilities } from 'vscode-languageserver';
import type { Span, Value } from '../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { isPathKey } from '../text/pathStrings.ts';
import { allowedWords, type DocumentSchema, type Schema, schemaAt } from '../text/schema.ts';
import { type Names, walk } from '../text/walk.ts';

/** The standard types, so that every theme has a colour for each; what they do not tell apart is a modifier. */
export const TOKEN_TYPES = ['type', 'property', 'class', 'enumMember', 'string', 'number', 'keyword'] as const;
export const TOKEN_MODIFIERS = ['declaration', 'deprecated', 'unknown', 'path', 'date'] as const;
type TokenType = (typeof TOKEN_TYPES)[number];
type Modifier = (typeof TOKEN_MODIFIERS)[number];

export function serveSemanticTokens({ connection, documents, guard }: FeatureContext): ServerCapabilities {
  connection.languages.semanticTokens.on(
    guard('semanticTokens', ({ textDocument }: SemanticTokensParams) => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? semanticTokens(analysis) : { data: [] };
    }),
  );
  const legend = { tokenTypes: [...TOKEN_TYPES], tokenModifiers: [...TOKEN_MODIFIERS] };
  return { semanticTokensProvider: { legend, full: true } };
}

export interface Token extends Span {
  readonly type: TokenType;
  readonly modifiers: readonly Modifier[];
}

/** Table names, keys and values in the order of the text; comments keep the colour that the grammar gives them. */
export function findTokens({ syntax, schema: root }: Analysis): Token[] {
  const tokens: Token[] = [];
  const schemaOf = rememberSchemas(root);
  const addParts = (parts: readonly Span[], names: Names, type: TokenType) => {
    parts.forEach(({ from, to }, index) => {
      const schema = schemaOf(names.slice(0, names.length - parts.length + index + 1));
      const modifiers = schema === undefined ? ['unknown' as const] : schema.deprecated ? ['deprecated' as const] : [];
      tokens.push({ from, to, type, modifiers });
    });
  };
  walk(syntax.document, {
    section: ({ header }, names) => addParts(header.key?.parts ?? [], names, 'type'),
    entry: ({ key }, names) => addParts(key.parts, names, 'property'),
    value(value, names) {
      const token = tokenOf(value, names, schemaOf);
      if (token) tokens.push({ from: value.from, to: value.to, ...token });
    },
  });
  return tokens;
}

type SchemaOf = (names: Names) => Schema | undefined;

/** Files have few different keys, each many times. */
function rememberSchemas(root: DocumentSchema): SchemaOf {
  const known = new Map<string, Schema | undefined>();
  return (names) => {
    const key = names.join('\n');
    if (!known.has(key)) known.set(key, schemaAt(root, names));
    return known.get(key);
  };
}

/** A map, for a key may be called `constructor`. */
const vmNames: ReadonlyMap<string, readonly Modifier[]> = new Map([
  ['handshake_identity', []],
  ['vms.name', ['declaration']],
  ['vms.instances.id', []],
  ['vms.needs', []],
]);

function tokenOf(value: Value, names: Names, schemaOf: SchemaOf): Omit<Token, keyof Span> | undefined {
  switch (value.kind) {
    case 'string': {
      const name = vmNames.get(names.join('.'));
      if (name) return { type: 'class', modifiers: name };
      if (isPathKey(names)) return { type: 'string', modifiers: ['path'] };
      const schema = schemaOf(names);
      const isWord = schema !== undefined && allowedWords(schema).includes(value.value);
      return { type: isWord ? 'enumMember' : 'string', modifiers: [] };
    }
    case 'integer':
    case 'float':
      return { type: 'number', modifiers: [] };
    case 'boolean':
      return { type: 'keyword', modifiers: [] };
    case 'datetime':
      return { type: 'number', modifiers: ['date'] };
    default:
      return undefined;
  }
}

/** Five numbers for each token, relative to the one before (specification, "Semantic Tokens"). */
export function semanticTokens(analysis: Analysis): SemanticTokens {
  const data: number[] = [];
  let [line, character] = [0, 0];
  for (const { type, modifiers, ...span } of findTokens(analysis)) {
    const mask = modifiers.reduce((bits, modifier) => bits | (1 << TOKEN_MODIFIERS.indexOf(modifier)), 0);
    for (const { start, end } of linesOf(span, analysis)) {
      if (start.line !== line) character = 0;
      data.push(start.line - line, start.character - character, end.character - start.character);
      data.push(TOKEN_TYPES.indexOf(type), mask);
      [line, character] = [start.line, start.character];
    }
  }
  return { data };
}

/** A token stands on one line: not every client knows others. */
function linesOf({ from, to }: Span, { positions, syntax }: Analysis) {
  const range = positions.range({ from, to });
  if (range.start.line === range.end.line) return range.end.character > range.start.character ? [range] : [];
  const lines = Array.from({ length: range.end.line - range.start.line + 1 }, (_, index) => range.start.line + index);
  const { starts, ends } = syntax.index;
  return lines
    .map((line) => ({ from: Math.max(from, starts[line] ?? 0), to: Math.min(to, ends[line] ?? to) }))
    .filter((part) => part.to > part.from)
    .map(positions.range);
}
