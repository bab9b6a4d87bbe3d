import type { Section } from '../../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { stringAt } from '../../text/nodes.ts';
import { addEntry } from './addEntry.ts';
import { removeEntry } from './duplicateKey.ts';
import type { FixMaker, TextChange } from './fix.ts';
import { wholeLines } from './lines.ts';
import { occurrences, partAt, tableAt } from './places.ts';

/** Removed, for the default image takes its place; or changed to a path, which the user then has to fill. */
export const replaceManagedImage: FixMaker = (analysis, { span }) => {
  const named = partAt(analysis, span.from);
  if (named === undefined || named.inInline) return [];
  const { table } = named;
  const removals = occurrences(analysis, named).map(({ from }) => removal(analysis, from));
  if (!removals.every((change) => change !== undefined)) return [];
  const hasImage = tableAt(analysis, table)?.entries.has('base_image') ?? false;
  const keep = hasImage ? 'the one of `base_image`' : 'the default Alpine Linux image';
  const remove = { title: `Remove it: the VM gets ${keep}`, changes: removals, isPreferred: true };
  const name = stringAt(analysis.syntax.tree, [...table, 'managed_image', 'name']) ?? 'image';
  const entry = `base_image = ${JSON.stringify(`images/${name.replaceAll(/[^\w.-]/g, '-')}.qcow2`)}`;
  const added = hasImage ? undefined : addEntry(analysis, table, entry, false);
  return added ? [remove, { title: `Replace it by \`${entry}\``, changes: [added, ...removals] }] : [remove];
};

function removal(analysis: Analysis, from: number): TextChange | undefined {
  const { root } = analysis.syntax.document;
  const section = root.sections.findLast((one) => one.from <= from);
  if (section && section.header.to > from) return removeSection(analysis, section);
  const entry = (section ?? root).entries.find((one) => one.from === from);
  return entry && removeEntry(analysis, entry);
}

/** A header with its entries; comments and empty lines behind it belong to what follows. */
export function removeSection({ text }: Analysis, section: Section): TextChange {
  return { ...wholeLines(text, section), text: '' };
}
