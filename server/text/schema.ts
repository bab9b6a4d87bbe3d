import type { Schema } from '../../runtime/config/schemaAt.ts';

export { castraSchema, type DocumentSchema, type Schema, schemaAt } from '../../runtime/config/schemaAt.ts';

/** The words that a value may be. */
export function allowedWords(schema: Schema): readonly string[] {
  return schema.enum ?? schema.anyOf?.flatMap((branch) => branch.enum ?? []) ?? [];
}

/** What each of them means, in Markdown; empty where the schema does not say. */
export function meaningsOf(schema: Schema): readonly string[] {
  const said = schema.markdownEnumDescriptions;
  return said ?? schema.anyOf?.flatMap((branch) => branch.markdownEnumDescriptions ?? []) ?? [];
}

/** Types that a value may have, by JSON Schema's names. */
export function typesOf(schema: Schema): readonly string[] {
  if (schema.type !== undefined) return [schema.type].flat();
  return allowedWords(schema).length > 0 ? ['string'] : [];
}
