import { findLineEnd, type Mark, mark, peek, report, rewind, type Scanner, skipTrivia } from './lexer.ts';
import type { Span, TomlErrorCode } from './syntax.ts';

/** What tells an array from an inline table; everything else about brackets, commas and recovery is the same. */
export interface ListRules<Item extends Span> {
  readonly closer: ']' | '}';
  readonly unclosed: Complaint;
  readonly holeBeforeComma: Complaint;
  readonly missingComma: string;
  readonly parseItem: (scanner: Scanner) => Item | undefined;
  /** Whether the item ran into the end of its line, so that commas and closers behind it may be inside it. */
  readonly isOpen: (item: Item) => boolean;
  /** Whether an error about the item makes another one about the comma behind it noise. */
  readonly isBroken: (item: Item) => boolean;
  /** Whether the line under the cursor starts the next statement instead of continuing the list. */
  readonly startsStatement: (scanner: Scanner, list: ListState<Item>) => boolean;
  /** Whether the last item of a list that was never closed is really the next statement. */
  readonly isNextStatement: (scanner: Scanner, item: Item, list: ListState<Item>) => boolean;
}

interface Complaint {
  readonly code: TomlErrorCode;
  readonly message: string;
}

export interface ListState<Item> {
  readonly from: number;
  readonly items: Item[];
  /** True behind an item, until its comma. */
  needsComma: boolean;
}

export interface ParsedList<Item> extends Span {
  readonly items: readonly Item[];
  readonly isOpen: boolean;
}

/** Reads a bracketed list; the cursor stands on the opening bracket. Complains about commas at most once. */
export function parseList<Item extends Span>(scanner: Scanner, rules: ListRules<Item>): ParsedList<Item> {
  const list: ListState<Item> = { from: scanner.offset, items: [], needsComma: false };
  const since = mark(scanner);
  const complain = complainOnce(scanner);
  scanner.offset += 1;
  for (;;) {
    const isNewLine = skipTrivia(scanner);
    const next = peek(scanner);
    if (next === rules.closer) {
      scanner.offset += 1;
      return { from: list.from, to: scanner.offset, items: list.items, isOpen: false };
    }
    const isForeignCloser = next === ']' || next === '}';
    if (next === undefined || isForeignCloser || (isNewLine && rules.startsStatement(scanner, list))) break;
    if (next === ',') parseComma(scanner, list, () => complain(rules.holeBeforeComma));
    else parseNextItem(scanner, list, { rules, complain });
  }
  return leaveOpen(scanner, list, { rules, since });
}

type Complain = (complaint: Complaint, at?: number) => void;

function complainOnce(scanner: Scanner): Complain {
  const voiced = new Set<TomlErrorCode>();
  return (complaint, at = scanner.offset) => {
    if (voiced.has(complaint.code)) return;
    voiced.add(complaint.code);
    report(scanner, { from: at, to: at + 1, ...complaint });
  };
}

function parseComma(scanner: Scanner, list: ListState<unknown>, complainAboutHole: () => void): void {
  if (!list.needsComma) complainAboutHole();
  list.needsComma = false;
  scanner.offset += 1;
}

function parseNextItem<Item extends Span>(
  scanner: Scanner,
  list: ListState<Item>,
  { rules, complain }: { rules: ListRules<Item>; complain: Complain },
): void {
  const from = scanner.offset;
  const known = scanner.errors.length;
  const previous = list.items.at(-1);
  // Text behind a broken item without a comma between is part of the same mistake.
  const continuesMistake = list.needsComma && previous !== undefined && rules.isBroken(previous);
  const item = rules.parseItem(scanner);
  if (item === undefined) {
    const message = `Unexpected ${peek(scanner) ?? 'end of the document'}`;
    if (!continuesMistake) complain({ code: 'unexpected', message });
    scanner.offset += 1;
    return;
  }
  if (continuesMistake) scanner.errors.splice(known);
  else if (list.needsComma && scanner.errors.length === known) {
    complain({ code: 'missing-comma', message: rules.missingComma }, from);
  }
  list.items.push(item);
  list.needsComma = true;
}

/** Ends a list that was never closed on the line of its last item, and leaves the lines below to the next statements. */
function leaveOpen<Item extends Span>(
  scanner: Scanner,
  list: ListState<Item>,
  { rules, since }: { rules: ListRules<Item>; since: Mark },
): ParsedList<Item> {
  const { from, items } = list;
  const last = items.at(-1);
  if (last && rules.isNextStatement(scanner, last, list)) items.pop();
  const end = items.at(-1)?.to ?? from + 1;
  rewind(scanner, Math.max(end, Math.min(scanner.offset, findLineEnd(scanner.text, end))), since);
  const kept = items.at(-1);
  if (!kept || !rules.isOpen(kept)) report(scanner, { from, to: from + 1, ...rules.unclosed });
  return { from, to: end, items, isOpen: true };
}
