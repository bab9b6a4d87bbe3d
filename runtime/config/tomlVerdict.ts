import { parse, TomlError } from 'smol-toml';
import type { EarlierDocument } from './toml/parser.ts';
import type { Section, TomlDocument } from './toml/syntax.ts';

/** Whether smol-toml takes a text for TOML, and what it says against it. */
export type Verdict = { readonly isToml: true } | { readonly isToml: false; readonly error: TomlError };

/** What was said of an earlier text, and how the text to be judged came from it. */
export interface EarlierVerdict extends EarlierDocument {
  readonly verdict: Verdict;
}

const TOML: Verdict = { isToml: true };

/**
 * Sections can only be wrong by themselves or by names that others define too. So while the names stay the same, a
 * text that was right is right when those sections are that the change was in.
 */
export function judge(document: TomlDocument, earlier?: EarlierVerdict): Verdict {
  return earlier?.verdict.isToml && isStillToml(document, earlier) ? TOML : judgeText(document.text);
}

function isStillToml({ root, text }: TomlDocument, { document: before, change }: EarlierVerdict): boolean {
  const [old, now] = [before.root.sections, root.sections];
  const first = old[0]?.from ?? 0;
  if (before.errors.length > 0 || old.length !== now.length || change.from <= first) return false;
  const from = old.findLastIndex((section) => section.from < change.from);
  const behind = old.findIndex((section) => section.from >= change.to);
  const to = behind < 0 ? old.length : behind;
  if (now[to] && now[to].from !== (old[to]?.from ?? 0) + change.shift) return false;
  for (let at = from; at < to; at++) {
    const [was, is] = [old[at], now[at]];
    if (!was || !is || namesIn(was, change.before) !== namesIn(is, text)) return false;
    if (!judgeText(text.slice(is.from, now[at + 1]?.from)).isToml) return false;
  }
  return true;
}

/** The header and the keys of a section; what is in a value cannot be added to from outside of it. */
function namesIn({ header, entries }: Section, text: string): string {
  const keys = entries.map(({ key }) => text.slice(key.from, key.to));
  return [text.slice(header.from, header.to), ...keys].join('\n');
}

function judgeText(text: string): Verdict {
  try {
    parse(text, { integersAsBigInt: 'asNeeded' });
    return TOML;
  } catch (error) {
    if (error instanceof TomlError) return { isToml: false, error };
    throw error;
  }
}
