import { suggest } from '../../../runtime/config/findings/suggest.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { allowedWords, schemaAt } from '../../text/schema.ts';
import { ideasFor } from '../completion/ideas.ts';
import { quoted } from '../completion/token.ts';
import type { Fix, FixMaker } from './fix.ts';
import { closedStringAt } from './places.ts';

/** One of the words that the schema allows. */
export const correctChoice: FixMaker = (analysis, { span }) =>
  correct(analysis, span.from, (path) => allowedWords(schemaAt(analysis.schema, path) ?? {}));

/** A role or VM of this file: an instance's id, or what a VM needs. */
export const correctName: FixMaker = (analysis, { span }) =>
  correct(analysis, span.from, (path) => {
    const schema = schemaAt(analysis.schema, path);
    return schema ? ideasFor(analysis, path, schema).map(({ value }) => String(value)) : [];
  });

const MAX_CHOICES = 8;

/** The likely word is the preferred one; where none is likely, all are offered if they are few. */
function correct(
  analysis: Analysis,
  offset: number,
  wordsFor: (path: readonly (string | number)[]) => readonly string[],
): Fix[] {
  const found = closedStringAt(analysis, offset);
  if (found === undefined) return [];
  const { path, value } = found;
  const words = wordsFor(path);
  const meant = suggest(value.value, words);
  const choices = meant === undefined ? words.slice(0, MAX_CHOICES) : [meant];
  const quote = analysis.text[value.from] === "'" ? "'" : '"';
  return choices.map((word) => ({
    title: `Change to "${word}"`,
    changes: [{ from: value.from, to: value.to, text: quoted(word, quote) }],
    claim: `word ${path.slice(0, -2).join('.')} ${word}`,
    ...(word === meant ? { isPreferred: true } : {}),
  }));
}
