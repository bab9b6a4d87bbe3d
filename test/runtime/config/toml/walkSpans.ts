import { parseToml } from '../../../../runtime/config/toml/parser.ts';
import type { Key, KeyValue, Span, Value } from '../../../../runtime/config/toml/syntax.ts';

/** Every span in the syntax tree of `text`, comments included. */
export function walkSpans(text: string): readonly Span[] {
  const { root, comments } = parseToml(text);
  const sections = root.sections.flatMap((section) => {
    const { header, entries } = section;
    return [section, header, ...walkKey(header.key), ...entries.flatMap(walkEntry)];
  });
  return [root, ...comments, ...root.entries.flatMap(walkEntry), ...sections];
}

function walkKey(key: Key | undefined): readonly Span[] {
  return key === undefined ? [] : [key, ...key.parts];
}

function walkEntry(entry: KeyValue): readonly Span[] {
  return [entry, ...walkKey(entry.key), ...walkValue(entry.value)];
}

function walkValue(value: Value): readonly Span[] {
  if (value.kind === 'array') return [value, ...value.items.flatMap(walkValue)];
  if (value.kind === 'inline') return [value, ...value.entries.flatMap(walkEntry)];
  return [value];
}
