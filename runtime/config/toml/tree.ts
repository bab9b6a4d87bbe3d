import type {
  ArrayValue,
  Header,
  InlineTable,
  InvalidValue,
  KeyPart,
  KeyValue,
  MissingValue,
  ScalarValue,
} from './syntax.ts';

/** The meaning of a document: what its keys, headers and dotted keys together define. */
export type TomlNode = TableNode | TableArrayNode | ArrayNode | ScalarNode;

/**
 * How a table came to be, which decides what may still be added to it:
 * - `root`, `header`: the document, or opened by `[table]` or as a row of `[[table]]`; closed to dotted keys from above.
 * - `implied`, `implied-by-array`: on the way to a deeper header of that kind; its own header may still open it.
 * - `dotted`: on the way of a dotted key; further dotted keys may add to it, headers may not open it.
 * - `inline`: complete as written.
 */
export type TableOrigin = 'root' | 'header' | 'implied' | 'implied-by-array' | 'dotted' | 'inline';

export interface TableNode {
  readonly kind: 'table';
  readonly entries: ReadonlyMap<string, TableEntry>;
  readonly origin: TableOrigin;
  /** The header that opened the table or, until then, the one that implied it. */
  readonly header: Header | undefined;
  /** The table as written in braces. */
  readonly value: InlineTable | undefined;
}

/** An array of tables, one row per `[[header]]`; never empty. */
export interface TableArrayNode {
  readonly kind: 'tableArray';
  readonly rows: readonly TableNode[];
}

/** An array written in brackets. */
export interface ArrayNode {
  readonly kind: 'array';
  readonly items: readonly TomlNode[];
  readonly value: ArrayValue;
}

/** A value without parts, or the place of one that is missing or invalid. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: ScalarValue | MissingValue | InvalidValue;
}

/** One name in a table with its definition: a key and value, a header, or the header that first implied the name. */
export interface TableEntry {
  readonly key: KeyPart;
  readonly node: TomlNode;
  readonly keyValue: KeyValue | undefined;
  readonly header: Header | undefined;
}
