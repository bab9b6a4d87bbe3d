import { meantKey } from '../../../runtime/config/findings/synonyms.ts';
import { shapeOf } from '../../text/keyDescriptions.ts';
import { schemaAt } from '../../text/schema.ts';
import type { FixMaker, TextChange } from './fix.ts';
import { occurrences, partAt, tableAt } from './places.ts';

/** An unknown key or table that is nearly a known one, wherever it is written. */
export const correctKey: FixMaker = (analysis, { span }) => {
  const named = partAt(analysis, span.from);
  if (named === undefined) return [];
  const { table, part } = named;
  const present = tableAt(analysis, table)?.entries;
  const known = Object.keys(schemaAt(analysis.schema, table)?.properties ?? {});
  const free = known.filter((name) => !present?.has(name) && !schemaAt(analysis.schema, [...table, name])?.deprecated);
  const meant = meantKey(part.text, free);
  if (meant === undefined) return [];
  const parts = occurrences(analysis, named);
  const isList = shapeOf(analysis.schema, [...table, meant]) === 'tables';
  const changes = parts.flatMap(({ from, to }) => [{ from, to, text: meant }, ...(isList ? brackets(from) : [])]);
  const claim = `key ${[...table, meant].join('.')}`;
  return [{ title: `Change to \`${meant}\``, changes, isPreferred: true, claim }];

  /** `[vm]` is to become `[[vms]]`. */
  function brackets(from: number): TextChange[] {
    const section = analysis.syntax.document.root.sections.find(
      ({ header }) => header.key?.parts.at(-1)?.from === from,
    );
    if (section === undefined || section.header.isArray || !section.header.isClosed) return [];
    const { header } = section;
    return [
      { from: header.from, to: header.from, text: '[' },
      { from: header.to, to: header.to, text: ']' },
    ];
  }
};
