import type { TableNode, TomlNode } from './tree.ts';

/** Plain data for schema validation. A bigint stands only where a number would lose digits; date-times are strings. */
export type PlainValue = string | number | bigint | boolean | readonly PlainValue[] | PlainTable;
export interface PlainTable {
  readonly [key: string]: PlainValue;
}

/**
 * Converts a table to plain data. A key without a value is left out. An invalid value becomes its text, because items
 * must keep their index; whoever validates the data skips findings about nodes that have a syntax error already.
 */
export function toPlainTable(table: TableNode): PlainTable {
  const plain: Record<string, PlainValue> = {};
  for (const [name, { node }] of table.entries) {
    const value = toPlainValue(node);
    if (value === undefined) continue;
    // Plain assignment to `__proto__` would set the prototype instead of a key.
    if (name !== '__proto__') plain[name] = value;
    else Object.defineProperty(plain, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return plain;
}

function toPlainValue(node: TomlNode): PlainValue | undefined {
  switch (node.kind) {
    case 'table':
      return toPlainTable(node);
    case 'tableArray':
      return node.rows.map(toPlainTable);
    case 'array':
      return node.items.map((item) => toPlainValue(item) ?? '');
    case 'scalar':
      if (node.value.kind === 'missing') return undefined;
      return node.value.kind === 'invalid' ? node.value.text : node.value.value;
  }
}
