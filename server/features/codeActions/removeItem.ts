import { nodeAt } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { FixMaker } from './fix.ts';
import { wholeLines } from './lines.ts';
import { closedStringAt } from './places.ts';

/** A name in a list that must not be there, with its comma; with its key when it is the only one. */
export const removeItem: FixMaker = (analysis, { span }) => {
  const found = closedStringAt(analysis, span.from);
  if (found === undefined) return [];
  const { text, syntax } = analysis;
  const { node, keyValue } = nodeAt(syntax.tree, found.path.slice(0, -1));
  const items = node.kind === 'array' ? node.value.items : [];
  const at = items.findIndex(({ from }) => from === span.from);
  const [item, before, next] = [items[at], items[at - 1], items[at + 1]];
  if (item === undefined || keyValue === undefined || node.kind !== 'array' || node.value.isOpen) return [];
  const title = `Remove ${text.slice(item.from, item.to)}`;
  const remove = (from: number, to: number) => [{ title, changes: [{ from, to, text: '' }], isPreferred: true }];
  if (next) return remove(item.from, next.from);
  if (before) return remove(before.to, item.to);
  const lines = wholeLines(text, keyValue);
  const isAlone = text.slice(lines.from, lines.to).trim() === text.slice(keyValue.from, keyValue.to);
  return isAlone ? remove(lines.from, lines.to) : remove(item.from, item.to);
};
