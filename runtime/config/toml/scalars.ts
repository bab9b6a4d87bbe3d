import { parseDateTime } from './dates.ts';
import { ownText, report, type Scanner, take } from './lexer.ts';
import type { IntegerValue, InvalidValue, ScalarValue, Span } from './syntax.ts';

const WORD_CHARACTER = String.raw`[^ \t\r\n,#\[\]{}"'=]`;
const WORD = new RegExp(`${WORD_CHARACTER}+`, 'y');

/** More bare words on the same line, up to one that is the key of a further entry. */
const MORE_WORDS = new RegExp(`(?:[ \\t]+${WORD_CHARACTER}+(?!${WORD_CHARACTER}|[ \\t]*=))*`, 'y');

/** The second half of a date-time whose halves are separated by a space. */
const TIME_BEHIND_DATE = / \d[\d:.+\-Zz]*/y;

const FULL_DATE = /^\d{4}-\d\d-\d\d$/;
const INTEGER = /^(?:[+-]?(?:0|[1-9](?:_?\d)*)|0x[\da-fA-F](?:_?[\da-fA-F])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*)$/;
const FLOAT = /^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/;
const SPECIAL_FLOAT = /^([+-]?)(inf|nan)$/;
const STARTS_LIKE_A_NUMBER = /^[+\-.\d]/;

/** So many characters, prefix and sign included, always make a safe integer. */
const SAFE_DIGITS = 13;
const LARGEST_INTEGER = 2n ** 63n - 1n;
const SMALLEST_INTEGER = -(2n ** 63n);

/** Reads a boolean, number or date-time, or a word that should have been one; undefined when no word stands here. */
export function scanScalar(scanner: Scanner): ScalarValue | InvalidValue | undefined {
  const from = scanner.offset;
  const word = take(scanner, WORD);
  if (word === undefined) return undefined;
  const text = FULL_DATE.test(word) ? word + (take(scanner, TIME_BEHIND_DATE) ?? '') : word;
  const span = { from, to: scanner.offset };
  return (
    readBoolean(text, span) ??
    readNumber(scanner, text, span) ??
    readDateTime(scanner, text, span) ??
    scanInvalid(scanner, text, span)
  );
}

function readBoolean(text: string, span: Span): ScalarValue | undefined {
  if (text !== 'true' && text !== 'false') return undefined;
  return { kind: 'boolean', from: span.from, to: span.to, value: text === 'true' };
}

function readNumber(scanner: Scanner, text: string, span: Span): ScalarValue | undefined {
  if (INTEGER.test(text)) return readInteger(scanner, text, span);
  if (FLOAT.test(text)) {
    return { kind: 'float', from: span.from, to: span.to, value: Number(text.replaceAll('_', '')) };
  }
  const [, sign, name] = SPECIAL_FLOAT.exec(text) ?? [];
  if (name === undefined) return undefined;
  if (name === 'nan') return { kind: 'float', ...span, value: Number.NaN };
  return { kind: 'float', ...span, value: sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY };
}

function readInteger(scanner: Scanner, text: string, span: Span): IntegerValue {
  const digits = text.replaceAll('_', '').replace(/^\+/, '');
  if (digits.length <= SAFE_DIGITS) return { kind: 'integer', from: span.from, to: span.to, value: Number(digits) + 0 };
  const exact = BigInt(digits);
  if (exact > LARGEST_INTEGER || exact < SMALLEST_INTEGER) {
    report(scanner, { ...span, code: 'integer-range', message: 'Integers must fit in 64 bits' });
  }
  const number = Number(exact);
  return { kind: 'integer', ...span, value: Number.isSafeInteger(number) ? number : exact };
}

function readDateTime(scanner: Scanner, text: string, span: Span): ScalarValue | undefined {
  const parsed = parseDateTime(text);
  if (parsed === undefined) return undefined;
  if (!parsed.exists)
    report(scanner, { ...span, code: 'invalid-date', message: `The date or time ${text} does not exist` });
  return { kind: 'datetime', ...span, form: parsed.form, value: ownText(text) };
}

function scanInvalid(scanner: Scanner, word: string, span: Span): InvalidValue {
  if (STARTS_LIKE_A_NUMBER.test(word)) {
    report(scanner, { ...span, code: 'invalid-number', message: explainNumber(word) });
    return { kind: 'invalid', ...span, text: word };
  }
  const text = word + (take(scanner, MORE_WORDS) ?? '');
  const whole = { from: span.from, to: scanner.offset };
  report(scanner, { ...whole, code: 'invalid-value', message: explainWord(text) });
  return { kind: 'invalid', ...whole, text };
}

function explainNumber(text: string): string {
  if (/^[+-]?0[\d_]/.test(text)) return 'Numbers must not start with a zero';
  if (/^[+-]0[xob]/.test(text)) return 'Hexadecimal, octal and binary numbers have no sign';
  if (/^[+-]?\d[\d_]*$/.test(text)) return 'Underscores must stand between digits';
  return `${text} is not a number or date; strings need quotes`;
}

function explainWord(text: string): string {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return `Booleans are written in lower case: ${lower}`;
  return `${text} is not a value; strings need quotes`;
}
