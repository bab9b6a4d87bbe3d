import { nodeAt, type TomlPath } from '../../runtime/config/toml/meaning/meaning.ts';
import type { TableNode } from '../../runtime/config/toml/tree.ts';

/** The string at a path; undefined for an empty one too, which says nothing. */
export function stringAt(tree: TableNode, path: TomlPath): string | undefined {
  const { node, rest } = nodeAt(tree, path);
  if (rest.length > 0 || node.kind !== 'scalar' || node.value.kind !== 'string') return undefined;
  return node.value.value === '' ? undefined : node.value.value;
}

/** The whole number at a path. */
export function integerAt(tree: TableNode, path: TomlPath): number | undefined {
  const { node, rest } = nodeAt(tree, path);
  if (rest.length > 0 || node.kind !== 'scalar' || node.value.kind !== 'integer') return undefined;
  return Number(node.value.value);
}

/** How many tables or values are in the list at a path. */
export function rowsAt(tree: TableNode, path: TomlPath): number {
  const { node, rest } = nodeAt(tree, path);
  if (rest.length > 0) return 0;
  if (node.kind === 'tableArray') return node.rows.length;
  return node.kind === 'array' ? node.items.length : 0;
}
