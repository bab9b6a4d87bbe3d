/*
 * Copies of syntax at another place of the text. Members are named one by one, in the order in which the parser writes
 * them: V8 copies a spread several times slower, and code that reads both would have to know two kinds of object.
 */
import type { Header, Key, KeyValue, Section, Span, Value } from '../syntax.ts';

/** A section as it reads when everything in front of it has grown by `by` characters. */
export function shiftSection(section: Section, by: number): Section {
  if (by === 0) return section;
  const { from, to, header, entries } = section;
  return {
    kind: 'section',
    from: from + by,
    to: to + by,
    header: shiftHeader(header, by),
    entries: entries.map((entry) => shiftEntry(entry, by)),
  };
}

export function shiftSpan({ from, to }: Span, by: number): Span {
  return { from: from + by, to: to + by };
}

function shiftHeader({ from, to, isArray, key, isClosed }: Header, by: number): Header {
  return { kind: 'header', from: from + by, to: to + by, isArray, key: key && shiftKey(key, by), isClosed };
}

function shiftKey({ from, to, parts, isComplete }: Key, by: number): Key {
  return {
    from: from + by,
    to: to + by,
    parts: parts.map(({ from, to, text, isQuoted }) => ({ from: from + by, to: to + by, text, isQuoted })),
    isComplete,
  };
}

function shiftEntry({ from, to, key, equals, value }: KeyValue, by: number): KeyValue {
  return {
    kind: 'keyValue',
    from: from + by,
    to: to + by,
    key: shiftKey(key, by),
    equals: equals === undefined ? undefined : equals + by,
    value: shiftValue(value, by),
  };
}

function shiftValue(value: Value, by: number): Value {
  const { kind } = value;
  const from = value.from + by;
  const to = value.to + by;
  switch (kind) {
    case 'string':
      return { kind, from, to, value: value.value, isMultiline: value.isMultiline, isOpen: value.isOpen };
    case 'integer':
      return { kind, from, to, value: value.value };
    case 'float':
      return { kind, from, to, value: value.value };
    case 'boolean':
      return { kind, from, to, value: value.value };
    case 'datetime':
      return { kind, from, to, form: value.form, value: value.value };
    case 'array':
      return { kind, from, to, items: value.items.map((item) => shiftValue(item, by)), isOpen: value.isOpen };
    case 'inline':
      return { kind, from, to, entries: value.entries.map((entry) => shiftEntry(entry, by)), isOpen: value.isOpen };
    case 'missing':
      return { kind, from, to };
    case 'invalid':
      return { kind, from, to, text: value.text };
  }
}
