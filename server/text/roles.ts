import type { VmDefinition } from '../../runtime/config/project.ts';
import type { Span, StringValue } from '../../runtime/config/toml/syntax.ts';
import type { TableNode, TomlNode } from '../../runtime/config/toml/tree.ts';
import type { Analysis } from '../documents/analysis.ts';
import { contentSpan } from './walk.ts';

/** One `[[vms]]` table. */
export interface Role {
  /** Its index in the array. */
  readonly row: number;
  readonly table: TableNode;
  /** Its header, or the braces of an inline table. */
  readonly span: Span | undefined;
  /** Empty while nothing is written. */
  readonly name: string;
  readonly nameValue: StringValue | undefined;
  /** What it becomes; empty in a broken file. */
  readonly vms: readonly VmDefinition[];
}

/** The roles in the order of the array. */
export function findRoles({ syntax, placed }: Analysis): readonly Role[] {
  const vms = new Map<unknown, VmDefinition[]>();
  for (const { vm, path } of placed) {
    const known = vms.get(path[1]);
    if (known) known.push(vm);
    else vms.set(path[1], [vm]);
  }
  return rows(syntax.tree.entries.get('vms')?.node).map(({ table, index }) => {
    const nameValue = stringAt(table, 'name');
    const span = table.header ?? table.value;
    return { row: index, table, span, name: nameValue?.value ?? '', nameValue, vms: vms.get(index) ?? [] };
  });
}

/** The tables of an array, however it is written, with their indexes. */
export function rows(node: TomlNode | undefined): { readonly table: TableNode; readonly index: number }[] {
  const nodes = node?.kind === 'tableArray' ? node.rows : node?.kind === 'array' ? node.items : [];
  return nodes.flatMap((table, index) => (table.kind === 'table' ? [{ table, index }] : []));
}

export function valueAt(table: TableNode, key: string) {
  const node = table.entries.get(key)?.node;
  return node?.kind === 'scalar' || node?.kind === 'array' ? node.value : undefined;
}

export function stringAt(table: TableNode, key: string): StringValue | undefined {
  const value = valueAt(table, key);
  return value?.kind === 'string' ? value : undefined;
}

/** A place where the text names a role: by itself, or as the beginning of the name of one of its VMs. */
export interface Mention {
  readonly role: string;
  /** What stands for the role alone. */
  readonly span: Span;
  /** All between the quotes. */
  readonly whole: Span;
  /** What follows the role's name, such as `-0`. */
  readonly suffix: string;
  readonly isDefinition: boolean;
}

/**
 * Everything that names a role: `name`, the `id` of its instances, entries of `needs`, and in a bootstrap.toml whose
 * VMs are known `handshake_identity`. Comments and other strings
 * that happen to say the same are none.
 */
export function findMentions(analysis: Analysis, roles = findRoles(analysis)): readonly Mention[] {
  const { text, bootstrap } = analysis;
  if (bootstrap) return [identityMention(analysis)].filter((each) => each !== undefined);
  const names = new Set(roles.map(({ name }) => name));
  return roles
    .flatMap((role) => {
      const ids = rows(role.table.entries.get('instances')?.node).map(({ table }) => stringAt(table, 'id'));
      const needs = valueAt(role.table, 'needs');
      const needed = needs?.kind === 'array' ? needs.items : [needs];
      return [
        mention(role.nameValue, role.name, text, true),
        ...ids.map((id) => mention(id, ownId(id?.value, role.name), text)),
        ...needed.map((need) => (need?.kind === 'string' ? mention(need, meant(need.value, names), text) : undefined)),
      ];
    })
    .filter((each) => each !== undefined)
    .sort((a, b) => a.span.from - b.span.from);
}

function identityMention({ syntax, placed, text }: Analysis): Mention | undefined {
  const value = stringAt(syntax.tree, 'handshake_identity');
  return value && mention(value, meant(value.value, new Set(placed.map(({ vm }) => vm.role))), text);
}

const ownId = (id: string | undefined, role: string) =>
  id?.startsWith(`${role}-`) && /^\d+$/.test(id.slice(role.length + 1)) ? role : undefined;

/** `needs` names a role, or one VM of it. */
function meant(written: string, names: ReadonlySet<string>): string | undefined {
  if (names.has(written)) return written;
  const role = written.replace(/-\d+$/, '');
  return names.has(role) ? role : undefined;
}

/** Nothing is concluded from a string that has no end yet. Escapes make offsets differ: such a string counts as a whole. */
function mention(value: StringValue | undefined, role = '', text = '', isDefinition = false): Mention | undefined {
  if (value === undefined || value.isOpen || role === '') return undefined;
  const whole = contentSpan(text, value);
  const start = text.slice(whole.from, whole.to) === value.value ? whole.from : undefined;
  const span = start === undefined ? whole : { from: start, to: start + role.length };
  return { role, span, whole, suffix: value.value.slice(role.length), isDefinition };
}

export function mentionAt(mentions: readonly Mention[], offset: number): Mention | undefined {
  return mentions.find(({ whole }) => whole.from <= offset && offset <= whole.to);
}
