import type { Section } from '../../../runtime/config/toml/syntax.ts';
import { type FixMaker, insert } from './fix.ts';
import { lineBreak, wholeLines } from './lines.ts';

/** A table whose header stands twice: what is in the second one moves up, unless both have the same key. */
export const mergeTables: FixMaker = ({ syntax, text }, { span }) => {
  const { sections } = syntax.document.root;
  const at = sections.findIndex(({ header }) => header.from <= span.from && span.from < header.to);
  const own = sections[at];
  const first = sections.slice(0, at).find((section) => nameOf(section) === (own && nameOf(own)));
  if (own === undefined || first === undefined || own.header.isArray || first.header.isArray) return [];
  if (!own.header.isClosed || nameOf(own) === '') return [];
  const taken = new Set(first.entries.map(keyOf));
  if (own.entries.some((entry) => taken.has(keyOf(entry)))) return [];
  const written = text.slice(wholeLines(text, own.header).to, wholeLines(text, own).to);
  const moved = written.trim() === '' ? '' : written.trimEnd() + lineBreak(text);
  const target = wholeLines(text, { from: first.from, to: first.entries.at(-1)?.to ?? first.header.to }).to;
  const gone = { ...wholeLines(text, own), text: '' };
  const name = `\`[${nameOf(own)}]\``;
  if (moved === '') return [{ title: `Remove the second ${name}`, changes: [gone], isPreferred: true }];
  if (target === gone.from) {
    return [{ title: `Merge it into the first ${name}`, changes: [{ ...gone, text: moved }], isPreferred: true }];
  }
  const changes = [insert(target, moved), gone];
  return [{ title: `Merge it into the first ${name}`, changes, isPreferred: true }];
};

const nameOf = ({ header }: Section): string => (header.key?.parts ?? []).map(({ text }) => text).join('.');

const keyOf = ({ key }: Section['entries'][number]): string => key.parts.map(({ text }) => text).join('.');
