export interface Column {
  readonly name: string;
  readonly align?: 'right';
}

/** Lines of a table, its header first; every column as wide as its widest cell. `paint` sees padded cells. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: (padded: string, column: string, row: number) => string = (padded) => padded,
): string[] {
  const widths = columns.map(({ name }, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const pad = (cell: string, index: number) => {
    const width = widths[index] ?? 0;
    if (columns[index]?.align === 'right') return cell.padStart(width);
    return index === columns.length - 1 ? cell : cell.padEnd(width);
  };
  const header = columns.map(({ name }, index) => pad(name, index)).join('  ');
  const lines = rows.map((row, at) =>
    columns
      .map(({ name }, index) => paint(pad(row[index] ?? '', index), name, at))
      .join('  ')
      .trimEnd(),
  );
  return [header.trimEnd(), ...lines];
}
