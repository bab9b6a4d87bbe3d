import { type Fields, text } from './fields.ts';
import type { Findings } from './findings.ts';
import { suggest } from './suggest.ts';
import type { TomlPath } from './toml/meaning.ts';
import type { PlacedVm } from './virtualMachine.ts';

/** One item of a role's `needs`, and the roles whose VMs it means. Roles go by their row in `vms`. */
interface Need {
  readonly path: TomlPath;
  readonly on: ReadonlySet<number>;
}

/** A role that needs others. */
interface Needy {
  readonly row: number;
  readonly role: string;
  readonly needs: readonly Need[];
}

const rowOf = ({ path }: PlacedVm): number => Number(path[1]);

/**
 * The same VMs, each with the names of those that must be ready before it starts. Reports names that are none, roles
 * that need themselves, and circles.
 */
export function resolveNeeds(
  placed: readonly PlacedVm[],
  roles: readonly (Fields | undefined)[],
  findings: Findings,
): PlacedVm[] {
  const called = indexNames(placed);
  const needy = new Map<number, Needy>();
  const names = new Map<number, readonly string[]>();
  for (const [row, table] of roles.entries()) {
    const written = Array.isArray(table?.needs) ? table.needs : [];
    if (written.length === 0) continue;
    const role = text(table?.name) ?? '';
    const meant = written.map((name) => called.get(String(name)) ?? []);
    const needs = meant.flatMap((vms, at): Need[] => {
      const path = ['vms', row, 'needs', at];
      const on = new Set(vms.map(rowOf));
      if (on.size === 0) reportUnknown(String(written[at]), path, called, findings);
      if (on.delete(row)) reportItself(role, path, findings);
      return [{ path, on }];
    });
    needy.set(row, { row, role, needs });
    // One list for all replicas: a thousand that need a thousand are a million names otherwise.
    names.set(row, [...new Set(meant.flatMap((vms) => vms.map(({ vm }) => vm.name)))]);
  }
  reportCircles(needy, findings);
  return placed.map((one) => {
    const needs = names.get(rowOf(one));
    return needs ? { ...one, vm: { ...one.vm, needs } } : one;
  });
}

/** VMs by their own name and by their role's. */
function indexNames(placed: readonly PlacedVm[]): Map<string, PlacedVm[]> {
  const called = new Map<string, PlacedVm[]>();
  for (const one of placed) {
    if (one.vm.role === '') continue;
    for (const name of new Set([one.vm.role, one.vm.name])) {
      const known = called.get(name);
      if (known) known.push(one);
      else called.set(name, [one]);
    }
  }
  return called;
}

function reportUnknown(name: string, path: TomlPath, called: ReadonlyMap<string, unknown>, findings: Findings): void {
  const known = [...called.keys()];
  const meant = suggest(name, known);
  findings.report({
    severity: 'error',
    code: 'config/unknown-need',
    message: `There is no VM or role "${name}" to need.`,
    help: meant ? `Did you mean "${meant}"?` : `Known: ${known.slice(0, 10).join(', ') || 'none'}.`,
    path,
  });
}

function reportItself(role: string, path: TomlPath, findings: Findings): void {
  findings.report({
    severity: 'error',
    code: 'config/needs-itself',
    message: `"${role}" cannot need itself: it would wait for ever.`,
    help: 'Remove the name.',
    path,
  });
}

/** Roles that can be started in some order are taken away until only circles, and what leads into them, are left. */
function reportCircles(needy: ReadonlyMap<number, Needy>, findings: Findings): void {
  const stuck = findStuck(needy);
  const visited = new Set<number>();
  for (const start of stuck) {
    const way: { readonly one: Needy; readonly need: Need }[] = [];
    let row: number | undefined = start;
    while (row !== undefined && !visited.has(row)) {
      visited.add(row);
      const one = needy.get(row);
      const need: Need | undefined = one?.needs.find(({ on }) => [...on].some((other) => stuck.has(other)));
      if (one === undefined || need === undefined) break;
      way.push({ one, need });
      row = [...need.on].find((other) => stuck.has(other));
    }
    const circle = way.slice(way.findIndex(({ one }) => one.row === row));
    if (way.some(({ one }) => one.row === row)) reportCircle(circle, findings);
  }
}

function findStuck(needy: ReadonlyMap<number, Needy>): Set<number> {
  const stuck = new Set(needy.keys());
  const open = new Map<number, number>();
  const neededBy = new Map<number, number[]>();
  for (const { row, needs } of needy.values()) {
    const on = new Set(needs.flatMap((need) => [...need.on].filter((other) => needy.has(other))));
    open.set(row, on.size);
    for (const other of on) listAt(neededBy, other).push(row);
  }
  const free = [...open].flatMap(([row, count]) => (count === 0 ? [row] : []));
  for (let row = free.pop(); row !== undefined; row = free.pop()) {
    stuck.delete(row);
    for (const dependant of neededBy.get(row) ?? []) {
      const left = (open.get(dependant) ?? 0) - 1;
      open.set(dependant, left);
      if (left === 0) free.push(dependant);
    }
  }
  return stuck;
}

function listAt(lists: Map<number, number[]>, row: number): number[] {
  const list = lists.get(row) ?? [];
  lists.set(row, list);
  return list;
}

function reportCircle(circle: readonly { readonly one: Needy; readonly need: Need }[], findings: Findings): void {
  const [first] = circle;
  if (first === undefined) return;
  const roles = circle.map(({ one }) => `"${one.role}"`);
  findings.report({
    severity: 'error',
    code: 'config/needs-cycle',
    message: `${[...roles, roles[0]].join(' needs ')}: none of them can start first.`,
    help: 'Remove one of these needs.',
    path: first.need.path,
    related: circle.slice(1).map(({ one, need }) => ({ path: need.path, message: `"${one.role}" needs it here.` })),
  });
}
