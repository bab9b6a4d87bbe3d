/** A table of a document whose shape may be wrong: the schema check reports that, and reading continues with the rest. */
export type Fields = Readonly<Record<string, unknown>>;

export function asTable(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

export function tables(value: unknown): (Fields | undefined)[] {
  return Array.isArray(value) ? value.map(asTable) : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A whole number within the bounds that the schema sets too. */
export function integer(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function textMap(value: unknown): Record<string, string> {
  const entries = Object.entries(asTable(value) ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}

export function secondsToMs(value: unknown, fallbackMs: number, min = 0): number {
  const seconds = integer(value, min);
  return seconds === undefined ? fallbackMs : seconds * 1000;
}
