import { ownText, peek, report, type Scanner, skip, skipBlanks } from './lexer.ts';
import { scanString } from './strings.ts';
import type { Key, KeyPart, Span } from './syntax.ts';

/** Deeper keys and values than this only occur in attacks; the limit keeps every recursion over the tree safe. */
export const MAX_DEPTH = 200;

const BARE_PART = /[\w-]+/y;
/** Letters of other alphabets: a key that only lacks its quotes, so it is kept under the name that was meant. */
const FOREIGN_PART = /[\w\-\u0080-\uFFFF]+/y;

interface ScannedPart {
  readonly part: KeyPart;
  readonly isOpen: boolean;
}

/** Reads a dotted key with whatever is wrong in it; undefined when nothing here looks like a key. */
export function scanKey(scanner: Scanner): Key | undefined {
  const parts: KeyPart[] = [];
  let lastDot = takeDots(scanner, 'before');
  for (;;) {
    const scanned = scanPart(scanner);
    if (scanned === undefined) break;
    parts.push(scanned.part);
    if (scanned.isOpen) return finishKey(scanner, parts, false);
    const partEnd = scanner.offset;
    lastDot = takeDots(scanner, 'between');
    if (lastDot !== undefined) continue;
    scanner.offset = partEnd;
    return finishKey(scanner, parts, true);
  }
  if (parts.length === 0) return undefined;
  if (lastDot !== undefined) report(scanner, { ...lastDot, code: 'missing-key', message: 'A key must follow the dot' });
  return finishKey(scanner, parts, false);
}

function finishKey(scanner: Scanner, parts: KeyPart[], isComplete: boolean): Key {
  const from = parts[0]?.from ?? scanner.offset;
  const to = isComplete ? (parts.at(-1)?.to ?? from) : scanner.offset;
  if (parts.length <= MAX_DEPTH) return { from, to, parts, isComplete };
  report(scanner, { from, to, code: 'too-deep', message: `Keys have at most ${MAX_DEPTH} parts` });
  return { from, to, parts: parts.slice(0, MAX_DEPTH), isComplete: false };
}

/** Skips blanks and dots; returns the last dot, and reports every dot that has no key part in front of it, at once. */
function takeDots(scanner: Scanner, place: 'before' | 'between'): Span | undefined {
  skipBlanks(scanner);
  if (peek(scanner) !== '.') return undefined;
  const dots: Span[] = [];
  while (peek(scanner) === '.') {
    dots.push({ from: scanner.offset, to: scanner.offset + 1 });
    scanner.offset += 1;
    skipBlanks(scanner);
  }
  const surplus = place === 'before' ? dots : dots.slice(1);
  const [first] = surplus;
  if (first !== undefined) {
    const to = surplus.at(-1)?.to ?? first.to;
    report(scanner, {
      from: first.from,
      to,
      code: 'missing-key',
      message: `A key must stand ${place === 'before' ? 'before the dot' : 'between the dots'}`,
    });
  }
  return dots.at(-1);
}

function scanPart(scanner: Scanner): ScannedPart | undefined {
  const from = scanner.offset;
  const character = peek(scanner);
  if (character === '"' || character === "'") return scanQuotedPart(scanner);
  const isBare = skip(scanner, BARE_PART);
  const isForeign = isForeignLetter(scanner) && skip(scanner, FOREIGN_PART);
  if (!isBare && !isForeign) return undefined;
  const span = { from, to: scanner.offset };
  if (isForeign) {
    const message = 'Keys with characters other than A-Z, a-z, 0-9, _ and - need quotes';
    report(scanner, { ...span, code: 'bare-key', message });
  }
  const text = ownText(scanner.text.slice(from, span.to));
  // Named one by one, here and in every common node: V8 copies a spread several times slower.
  return { part: { from, to: span.to, text, isQuoted: false }, isOpen: false };
}

function isForeignLetter(scanner: Scanner): boolean {
  return scanner.text.charCodeAt(scanner.offset) > 0x7f;
}

function scanQuotedPart(scanner: Scanner): ScannedPart {
  const string = scanString(scanner);
  const span = { from: string.from, to: string.to };
  if (string.isMultiline && !string.isOpen) {
    report(scanner, { ...span, code: 'multiline-key', message: 'Multi-line strings cannot be keys' });
  }
  return { part: { from: string.from, to: string.to, text: string.value, isQuoted: true }, isOpen: string.isOpen };
}
