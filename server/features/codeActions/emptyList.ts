import { nodeAt } from '../../../runtime/config/toml/meaning/meaning.ts';
import { shapeOf } from '../../text/keyDescriptions.ts';
import { addBelow } from './addEntry.ts';
import type { FixMaker } from './fix.ts';
import { wholeLines } from './lines.ts';
import { valueAt } from './places.ts';

/** `vms = []` to a first `[[vms]]`, which stands below all keys of the file. */
export const emptyList: FixMaker = (analysis, { span }) => {
  const found = valueAt(analysis, span.from);
  if (found?.value.kind !== 'array' || found.value.items.length > 0 || found.path.join('.') !== 'vms') return [];
  const { keyValue } = nodeAt(analysis.syntax.tree, found.path);
  if (keyValue === undefined || shapeOf(analysis.schema, found.path) !== 'tables') return [];
  const table = addBelow(analysis, ['[[vms]]', 'name = "vm"']);
  const lines = wholeLines(analysis.text, keyValue);
  // At the end of the text the one would be put where the other is removed.
  const changes =
    lines.to === analysis.text.length ? [{ ...lines, text: table.text }] : [{ ...lines, text: '' }, table];
  return [{ title: 'Write a `[[vms]]` table', changes, isPreferred: true }];
};
