import type { KeyValue, Section, TomlDocument, Value } from '../../runtime/config/toml/syntax.ts';

/** The names that lead to a place, without the indexes of arrays: what is known of a key depends on nothing else. */
export type Names = readonly string[];

/** Goes through a document in the order of its text, broken parts and duplicates included. */
export interface Visitor {
  readonly section?: (section: Section, names: Names) => void;
  readonly entry?: (entry: KeyValue, names: Names) => void;
  /** A value, or an item of an array; `names` are those of its key. */
  readonly value?: (value: Value, names: Names) => void;
}

export function walk({ root }: TomlDocument, visitor: Visitor): void {
  walkEntries(root.entries, [], visitor);
  for (const section of root.sections) {
    const names = headerNames(section);
    visitor.section?.(section, names);
    walkEntries(section.entries, names, visitor);
  }
}

export const headerNames = ({ header }: Section): Names => header.key?.parts.map(({ text }) => text) ?? [];

function walkEntries(entries: readonly KeyValue[], table: Names, visitor: Visitor): void {
  for (const entry of entries) {
    const names = [...table, ...entry.key.parts.map(({ text }) => text)];
    visitor.entry?.(entry, names);
    walkValue(entry.value, names, visitor);
  }
}

function walkValue(value: Value, names: Names, visitor: Visitor): void {
  visitor.value?.(value, names);
  if (value.kind === 'inline') walkEntries(value.entries, names, visitor);
  else if (value.kind === 'array') for (const item of value.items) walkValue(item, names, visitor);
}

/** The name that tells one table of an array from its neighbours: a VM's name, an instance's id, a forward's ports. */
export function rowLabel(entries: readonly KeyValue[]): { readonly label: string; readonly value: Value } | undefined {
  const written = (name: string) =>
    entries.find(({ key }) => key.parts.length === 1 && key.parts[0]?.text === name)?.value;
  const named = written('name') ?? written('id');
  if (named?.kind === 'string' && named.value.trim() !== '') return { label: named.value, value: named };
  const [host, guest] = [written('host'), written('guest')];
  if (host?.kind !== 'integer' || guest?.kind !== 'integer') return undefined;
  return { label: `${host.value} → ${guest.value}`, value: host };
}

/** A section with those that follow it and add to it, such as `[vms.bootstrap]` after `[[vms]]`. */
export interface SectionGroup {
  readonly section: Section;
  readonly names: Names;
  readonly children: readonly SectionGroup[];
  /** Where the last of all of it ends. */
  readonly to: number;
}

interface GroupDraft extends SectionGroup {
  readonly children: GroupDraft[];
  to: number;
}

/** Only neighbours belong together: what another table interrupts stands for itself, so that ranges never overlap. */
export function groupSections({ root }: TomlDocument): readonly SectionGroup[] {
  const top: GroupDraft[] = [];
  const open: GroupDraft[] = [];
  for (const section of root.sections) {
    const group: GroupDraft = { section, names: headerNames(section), children: [], to: section.to };
    while (open.length > 0 && !isBelow(group.names, open.at(-1)?.names ?? [])) open.pop();
    (open.at(-1)?.children ?? top).push(group);
    for (const outer of open) outer.to = section.to;
    open.push(group);
  }
  return top;
}

const isBelow = (names: Names, above: Names): boolean =>
  above.length > 0 && names.length > above.length && above.every((name, depth) => names[depth] === name);

/** What is written between the quotes of a string; as far as it is a plain text, offsets in it are offsets of the value. */
export function contentSpan(text: string, { from, to }: Value): { readonly from: number; readonly to: number } {
  const quotes = /^(?:"""|'''|"|')/.exec(text.slice(from, from + 3))?.[0] ?? '';
  const start = from + quotes.length;
  const isClosed = to - start >= quotes.length && quotes !== '' && text.slice(to - quotes.length, to) === quotes;
  return { from: start, to: isClosed ? to - quotes.length : to };
}
