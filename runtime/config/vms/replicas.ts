import { DEFAULTS } from '../defaults.ts';
import { asTable, type Fields, integer, tables, text } from '../fields.ts';
import type { Findings } from '../findings/findings.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import type { VersionClass } from '../version.ts';

/** One VM to be: its name, and the tables that describe it, the later one with the right of way. */
export interface Replica {
  readonly name: string;
  readonly role: string;
  readonly index: number;
  readonly table: Fields;
  readonly path: TomlPath;
  readonly override?: { readonly table: Fields; readonly path: TomlPath };
}

const MAX_COUNT = 1000;

/** A value with the place it was read from. */
export interface Picked {
  readonly value: unknown;
  readonly path: TomlPath;
}

/** A key of the instance, else of its role. */
export function pick({ table, path, override }: Replica, key: string): Picked {
  if (override?.table[key] !== undefined) return { value: override.table[key], path: [...override.path, key] };
  return { value: table[key], path: [...path, key] };
}

/** The VMs of one `[[vms]]` table. */
export function expandRole(table: Fields, path: TomlPath, version: VersionClass, findings: Findings): Replica[] {
  const role = text(table.name) ?? '';
  if (version === 'single') {
    rejectReplicas(table, path, findings);
    return [{ name: role, role, index: 0, table, path }];
  }
  const known = integer(table.count, 1, MAX_COUNT);
  const isBroken = known === undefined && findings.isMentioned([...path, 'count']);
  const count = known ?? DEFAULTS.vms.count;
  const overrides = readOverrides(table, { role, count: isBroken ? MAX_COUNT : count, path }, findings);
  return Array.from({ length: count }, (_, index) => {
    const override = overrides.get(index);
    return { name: `${role}-${index}`, role, index, table, path, ...(override ? { override } : {}) };
  });
}

function rejectReplicas(table: Fields, path: TomlPath, findings: Findings): void {
  for (const key of ['count', 'instances']) {
    if (table[key] === undefined) continue;
    findings.report({
      severity: 'error',
      code: 'config/replicas-need-0.2',
      message: `Version 0.1 has no \`${key}\`.`,
      help: 'Write `version = "0.2.0"`; VMs are then named `<role>-<index>`.',
      path: [...path, key],
      part: 'key',
    });
  }
}

interface RoleShape {
  readonly role: string;
  readonly count: number;
  readonly path: TomlPath;
}

function readOverrides(
  table: Fields,
  shape: RoleShape,
  findings: Findings,
): Map<number, { table: Fields; path: TomlPath }> {
  const overrides = new Map<number, { table: Fields; path: TomlPath }>();
  if (shape.role === '') return overrides;
  tables(table.instances).forEach((instance, position) => {
    const path = [...shape.path, 'instances', position];
    const id = text(asTable(instance)?.id);
    if (instance === undefined || id === undefined) return;
    const index = replicaIndex(id, shape);
    const problem = typeof index === 'string' ? index : undefined;
    const earlier = typeof index === 'number' ? overrides.get(index) : undefined;
    if (problem !== undefined) {
      findings.report({
        severity: 'error',
        code: 'config/instance-id',
        message: problem,
        help: helpForId(shape),
        path: [...path, 'id'],
      });
    } else if (earlier) {
      findings.report({
        severity: 'error',
        code: 'config/duplicate-instance',
        message: `Instance "${id}" is described twice.`,
        help: 'Merge them into one table.',
        path: [...path, 'id'],
        related: { path: [...earlier.path, 'id'], message: 'First described here.' },
      });
    } else if (typeof index === 'number') {
      overrides.set(index, { table: instance, path });
    }
  });
  return overrides;
}

/** The index in `<role>-<index>`, or what is wrong with the id. */
function replicaIndex(id: string, { role, count }: RoleShape): number | string {
  const digits = id.startsWith(`${role}-`) ? id.slice(role.length + 1) : undefined;
  if (digits === undefined) return `"${id}" is not an instance of "${role}".`;
  if (!/^\d+$/.test(digits)) return `"${id}" has no number after "${role}-".`;
  if (digits.length > 1 && digits.startsWith('0'))
    return `"${id}" has leading zeros; it is "${role}-${Number(digits)}".`;
  return Number(digits) < count ? Number(digits) : `"${id}" does not exist: "${role}" has a count of ${count}.`;
}

function helpForId({ role, count }: RoleShape): string {
  return count === 1 ? `The only instance is "${role}-0".` : `Instances are "${role}-0" to "${role}-${count - 1}".`;
}
