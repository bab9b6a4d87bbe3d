import { parse, TomlDate } from 'smol-toml';
import { analyzeToml } from '../../../../runtime/config/toml/meaning/meaning.ts';
import { parseToml } from '../../../../runtime/config/toml/parser.ts';
import type { TomlError, TomlErrorCode } from '../../../../runtime/config/toml/syntax.ts';

export interface Verdicts {
  readonly text: string;
  readonly errors: readonly TomlError[];
  readonly value: unknown;
  /** What smol-toml read, or why it refused the document. */
  readonly smol:
    | { readonly accepts: true; readonly value: unknown }
    | { readonly accepts: false; readonly why: string };
}

export type Agreement = 'same' | 'only we accept' | 'only smol-toml accepts' | 'different values';

export interface KnownDifference {
  readonly reason: string;
  readonly outcome: Agreement;
  readonly applies: (verdicts: Verdicts) => boolean;
}

/** Every way in which we may differ from smol-toml. Anything else is a bug of ours or a new finding. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    reason: 'TOML integers have 64 bits; smol-toml reads larger ones as bigint',
    outcome: 'only smol-toml accepts',
    applies: onlyErrors('integer-range'),
  },
  {
    reason: 'smol-toml reads 30 February as 1 March, because JavaScript does',
    outcome: 'only smol-toml accepts',
    applies: (verdicts) =>
      onlyErrors('invalid-date')(verdicts) && /-(?:02-(?:29|30|31)|(?:04|06|09|11)-31)/.test(verdicts.text),
  },
  {
    reason: 'smol-toml checks only some characters of a date and leaves the others to a lenient Date',
    outcome: 'only smol-toml accepts',
    applies: (verdicts) =>
      onlyErrors('invalid-number')(verdicts) && verdicts.errors.every(startsLikeADate(verdicts.text)),
  },
  {
    reason: 'smol-toml lets dotted keys extend a table that has a header, when an array of tables below it came first',
    outcome: 'only smol-toml accepts',
    applies: (verdicts) => onlyErrors('redefined-table')(verdicts) && /\[\[[^\]]*\.[^\]]*\]\]/.test(verdicts.text),
  },
  {
    reason: 'RFC 3339 has leap seconds; JavaScript, and so smol-toml, has none',
    outcome: 'only we accept',
    applies: ({ text, smol }) => !smol.accepts && smol.why.includes('invalid date') && /:60/.test(text),
  },
  {
    reason: 'smol-toml loses quotes between a line-ending backslash and the closing quotes',
    outcome: 'different values',
    applies: ({ text }) => /\\[ \t]*\r?\n[ \t\r\n]*"{4,5}/.test(text),
  },
];

function onlyErrors(code: TomlErrorCode): (verdicts: Verdicts) => boolean {
  return ({ errors }) => errors.every((error) => error.code === code);
}

function startsLikeADate(text: string): (error: TomlError) => boolean {
  return ({ from }) => /^\d{4}-.{2}-/s.test(text.slice(from));
}

export function judge(text: string): Verdicts {
  const document = parseToml(text);
  const meaning = analyzeToml(document);
  return { text, errors: [...document.errors, ...meaning.errors], value: meaning.value, smol: askSmol(text) };
}

function askSmol(text: string): Verdicts['smol'] {
  try {
    return { accepts: true, value: parse(text, { integersAsBigInt: 'asNeeded' }) };
  } catch (error) {
    return { accepts: false, why: String(error) };
  }
}

export function compare({ errors, value, smol }: Verdicts): Agreement {
  if (errors.length > 0) return smol.accepts ? 'only smol-toml accepts' : 'same';
  if (!smol.accepts) return 'only we accept';
  return isSame(value, smol.value) ? 'same' : 'different values';
}

export function findKnownDifference(verdicts: Verdicts): KnownDifference | undefined {
  const outcome = compare(verdicts);
  return KNOWN_DIFFERENCES.find((known) => known.outcome === outcome && known.applies(verdicts));
}

function isSame(ours: unknown, theirs: unknown): boolean {
  if (theirs instanceof TomlDate) return typeof ours === 'string' && normalizeDate(ours) === theirs.toISOString();
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    return ours.length === theirs.length && ours.every((item, index) => isSame(item, theirs[index]));
  }
  if (!isTable(ours) || !isTable(theirs)) return Object.is(ours, theirs);
  const names = Object.keys(ours);
  const isSameSize = names.length === Object.keys(theirs).length;
  return isSameSize && names.every((name) => Object.hasOwn(theirs, name) && isSame(ours[name], theirs[name]));
}

function normalizeDate(text: string): string {
  return new TomlDate(text).toISOString();
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
