import type { KeyValue, TomlDocument, Value } from '../syntax.ts';

/** A document, or a part of one in the text up to its end. */
export interface OutlinedDocument extends Pick<TomlDocument, 'text' | 'comments'> {
  readonly root: Pick<TomlDocument['root'], 'entries' | 'sections'>;
}

/**
 * Everything that formatting must not change, in the order of the text: headers, keys, values and comments as they are
 * written. Two documents with the same outline have the same meaning, because the meaning is made of nothing else.
 */
export function outlineOf({ text, root, comments }: OutlinedDocument): readonly string[] {
  const outline: string[] = [];
  let next = 0;
  const add = (kind: string, from: number, to = from) => {
    for (let comment = comments[next]; comment && comment.from < from; comment = comments[++next]) {
      outline.push(text.slice(comment.from, comment.to).replace(/[ \t]+$/, ''));
    }
    outline.push(kind, text.slice(from, to));
  };
  const entry = ({ key, value }: KeyValue): void => {
    for (const part of key.parts) add('.', part.from, part.to);
    read(value);
  };
  const read = (value: Value): void => {
    const isList = value.kind === 'array' || value.kind === 'inline';
    if (isList) add(value.kind, value.from);
    if (value.kind === 'array') value.items.forEach(read);
    else if (value.kind === 'inline') value.entries.forEach(entry);
    else add('=', value.from, value.to);
    if (isList) add('end', value.to - 1);
  };
  root.entries.forEach(entry);
  for (const { header, entries } of root.sections) {
    add(header.isArray ? '[[' : '[', header.from);
    for (const part of header.key?.parts ?? []) add('.', part.from, part.to);
    add(']', header.to);
    entries.forEach(entry);
  }
  add('end', text.length);
  return outline;
}
