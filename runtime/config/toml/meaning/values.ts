import type { TableNode, TomlNode } from '../tree.ts';

/** Plain data for schema validation. A bigint stands only where a number would lose digits; date-times are strings. */
export type PlainValue = string | number | bigint | boolean | readonly PlainValue[] | PlainTable;
export interface PlainTable {
  readonly [key: string]: PlainValue;
}

/** What a float becomes: JavaScript cannot tell `2.0` from `2`, TOML can. */
export type ReadFloat = (value: number) => number;

/**
 * Converts a table to plain data. A key without a value is left out. An invalid value becomes its text, because items
 * must keep their index; the validation of the data skips findings about nodes that have a syntax error already.
 */
export function toPlainTable(table: TableNode, readFloat: ReadFloat): PlainTable {
  const plain: Record<string, PlainValue> = {};
  for (const [name, { node }] of table.entries) {
    const value = toPlainValue(node, readFloat);
    if (value === undefined) continue;
    // Plain assignment to `__proto__` would set the prototype instead of a key.
    if (name !== '__proto__') plain[name] = value;
    else Object.defineProperty(plain, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return plain;
}

function toPlainValue(node: TomlNode, readFloat: ReadFloat): PlainValue | undefined {
  switch (node.kind) {
    case 'table':
      return toPlainTable(node, readFloat);
    case 'tableArray':
      return node.rows.map((row) => toPlainTable(row, readFloat));
    case 'array':
      return node.items.map((item) => toPlainValue(item, readFloat) ?? '');
    case 'scalar':
      if (node.value.kind === 'missing') return undefined;
      if (node.value.kind === 'float') return readFloat(node.value.value);
      return node.value.kind === 'invalid' ? node.value.text : node.value.value;
  }
}

/** Whether two plain values say the same, in the same order. NaN, which stands for any fraction, is itself. */
export function isSamePlain(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a, b] as readonly Readonly<Record<string, unknown>>[];
  const [names, others] = [Object.keys(a), Object.keys(b)];
  return (
    names.length === others.length &&
    names.every((name, at) => name === others[at] && isSamePlain(left?.[name], right?.[name]))
  );
}
