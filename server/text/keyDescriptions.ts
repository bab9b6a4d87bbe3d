import { allowedWords, type DocumentSchema, meaningsOf, type Schema, schemaAt, typesOf } from './schema.ts';

/** A type in words: `integer`, `list of strings`, `string or integer`. */
export function typeInWords(schema: Schema): string {
  return typesOf(schema)
    .map((type) => (type === 'array' ? listInWords(schema.items) : type === 'object' ? 'table' : type))
    .join(' or ');
}

function listInWords(items: Schema | undefined): string {
  return items?.type === 'string' ? 'list of strings' : 'list of tables';
}

/** As it would be written in the file; undefined for none, and for one that says nothing, such as `[]`. */
export function defaultInWords({ default: value }: Schema): string | undefined {
  if (value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)) return undefined;
  return JSON.stringify(value);
}

/** One line: the type, and what holds without the key. */
export function detailOf(schema: Schema, isRequired: boolean): string {
  const fallback = defaultInWords(schema);
  const rest = isRequired ? ['required'] : fallback === undefined ? [] : [`default ${fallback}`];
  return [typeInWords(schema), ...rest].filter((word) => word !== '').join(', ');
}

/** What may be written, in Markdown; empty where the type says all. */
export function limitsOf(schema: Schema): string {
  const words = allowedWords(schema);
  // Many descriptions name the words and say what each means; their last sentence only says which one is the default.
  const [meaning] = schema.description?.split(' Default: ') ?? [];
  if (words.every((word) => meaning?.includes(`\`${word}\``)) && words.length > 0) return '';
  if (words.length > 0) return wordsInMarkdown(words, meaningsOf(schema));
  const { minimum, maximum } = schema;
  if (minimum === undefined) return '';
  return maximum === undefined ? `At least ${minimum}.` : `Allowed: ${minimum} to ${maximum}.`;
}

function wordsInMarkdown(words: readonly string[], meanings: readonly string[]): string {
  const written = words.map((word) => `\`"${word}"\``);
  if (meanings.length === 0) return `Allowed: ${written.join(', ')}.`;
  return written.map((word, index) => `- ${word}: ${meanings[index]}`).join('\n');
}

/** Description and limits in Markdown. */
export function documentationOf(schema: Schema): string {
  return [schema.description ?? '', limitsOf(schema)].filter((part) => part !== '').join('\n\n');
}

/** Markdown as clients without it show it. The schema's texts use backquotes, and hovers bold names, and nothing else. */
export function plainText(markdown: string): string {
  return markdown.replaceAll('**', '').replaceAll('`', '');
}

export function isRequired(parent: Schema | undefined, key: string): boolean {
  return parent?.required?.includes(key) ?? false;
}

/** Whether a path leads to one table, to several, or to something else. */
export function shapeOf(root: DocumentSchema, path: readonly (string | number)[]): 'table' | 'tables' | 'other' {
  const schema = schemaAt(root, path);
  if (schema?.type === 'object') return 'table';
  if (schema?.type !== 'array') return 'other';
  return schemaAt(root, [...path, 0])?.type === 'object' ? 'tables' : 'other';
}
