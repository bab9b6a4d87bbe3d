import type { TomlPath } from '../../runtime/config/toml/meaning/meaning.ts';
import type { Section } from '../../runtime/config/toml/syntax.ts';
import type { TableNode, TomlNode } from '../../runtime/config/toml/tree.ts';

/** The path of the table that a section's entries are in: names, and the rows of arrays as numbers. */
export function sectionPath(tree: TableNode, { header }: Section): TomlPath {
  const path: (string | number)[] = [];
  let node: TomlNode | undefined = tree;
  const parts = header.key?.parts ?? [];
  for (const [depth, { text }] of parts.entries()) {
    path.push(text);
    node = node?.kind === 'table' ? node.entries.get(text)?.node : undefined;
    if (node?.kind === 'tableArray') {
      const isLast = depth === parts.length - 1;
      const row = rowOf(node.rows, header.from, isLast && header.isArray);
      path.push(row);
      node = node.rows[row];
    }
  }
  return path;
}

/**
 * The row that a header opens itself, or the one that a header inside of it belongs to: the last one before it. Rows
 * stand in the order of the text, so that a thousand of them need ten steps.
 */
function rowOf(rows: readonly TableNode[], from: number, isOpener: boolean): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const start = rows[middle]?.header?.from ?? Number.POSITIVE_INFINITY;
    if (start < from || (isOpener && start === from)) low = middle;
    else high = middle - 1;
  }
  return low;
}
