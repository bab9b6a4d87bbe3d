import type { DiagnosticCode } from '../../contract/diagnosticCodes.ts';
/** A half-open stretch of the source text. Offsets count UTF-16 code units, as JavaScript strings and editors do. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Everything that can be wrong with a TOML document; the words are stable, so tests and editors may key on them. */
export type TomlErrorCode = DiagnosticCode extends infer Code
  ? Code extends `toml/${infer Name}`
    ? Name
    : never
  : never;

export interface TomlError extends Span {
  readonly code: TomlErrorCode;
  readonly message: string;
  /** The other end of a conflict: where the key or table was defined first. */
  readonly related?: Span;
}

export interface KeyPart extends Span {
  /** The decoded name, without quotes. */
  readonly text: string;
  readonly isQuoted: boolean;
}

/** A possibly dotted key. `parts` is empty only where an entry starts with `=`. */
export interface Key extends Span {
  readonly parts: readonly KeyPart[];
  /** False when the key ends in a dot or in an open quote: a half-typed path that must not define anything. */
  readonly isComplete: boolean;
}

export interface StringValue extends Span {
  readonly kind: 'string';
  readonly value: string;
  readonly isMultiline: boolean;
  /** True when the closing quote is missing; `value` is then what could be saved. */
  readonly isOpen: boolean;
}

export interface IntegerValue extends Span {
  readonly kind: 'integer';
  /** A bigint only where a number would lose digits. */
  readonly value: number | bigint;
}

export interface FloatValue extends Span {
  readonly kind: 'float';
  readonly value: number;
}

export interface BooleanValue extends Span {
  readonly kind: 'boolean';
  readonly value: boolean;
}

export type DateTimeForm = 'offset-date-time' | 'local-date-time' | 'local-date' | 'local-time';

/** Kept as written: no JavaScript type holds all four forms, and nothing in a project computes with dates. */
export interface DateTimeValue extends Span {
  readonly kind: 'datetime';
  readonly form: DateTimeForm;
  readonly value: string;
}

export interface ArrayValue extends Span {
  readonly kind: 'array';
  readonly items: readonly Value[];
  readonly isOpen: boolean;
}

export interface InlineTable extends Span {
  readonly kind: 'inline';
  readonly entries: readonly KeyValue[];
  readonly isOpen: boolean;
}

/** Stands, with no width, where a value belongs. */
export interface MissingValue extends Span {
  readonly kind: 'missing';
}

/** Text in the place of a value that is none, such as a word without quotes. */
export interface InvalidValue extends Span {
  readonly kind: 'invalid';
  readonly text: string;
}

export type ScalarValue = StringValue | IntegerValue | FloatValue | BooleanValue | DateTimeValue;
export type Value = ScalarValue | ArrayValue | InlineTable | MissingValue | InvalidValue;

export interface KeyValue extends Span {
  readonly kind: 'keyValue';
  readonly key: Key;
  /** Offset of the `=` (or of the `:` written instead); undefined while only the key is typed. */
  readonly equals: number | undefined;
  readonly value: Value;
}

/** `[key]` or `[[key]]`. */
export interface Header extends Span {
  readonly kind: 'header';
  readonly isArray: boolean;
  /** Undefined for `[]` and `[`. */
  readonly key: Key | undefined;
  readonly isClosed: boolean;
}

/** A header with the entries below it, up to the next header. */
export interface Section extends Span {
  readonly kind: 'section';
  readonly header: Header;
  readonly entries: readonly KeyValue[];
}

export interface Root extends Span {
  readonly kind: 'root';
  /** The entries above the first header. */
  readonly entries: readonly KeyValue[];
  readonly sections: readonly Section[];
}

export interface TomlDocument {
  readonly text: string;
  readonly root: Root;
  /** Syntax errors in the order of the text; empty for a well-formed document. */
  readonly errors: readonly TomlError[];
  /** Every comment from `#` to before the line break, in the order of the text. */
  readonly comments: readonly Span[];
}
