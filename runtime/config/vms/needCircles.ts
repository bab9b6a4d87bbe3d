import type { Findings } from '../findings/findings.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';

/** One item of a role's `needs`, and the roles whose VMs it means. Roles go by their row in `vms`. */
export interface Need {
  readonly path: TomlPath;
  readonly on: ReadonlySet<number>;
}

/** A role that needs others. */
export interface Needy {
  readonly row: number;
  readonly role: string;
  readonly needs: readonly Need[];
}

/** A role, and which of its needs leads on. */
interface Step {
  readonly one: Needy;
  readonly need: Need;
}

/** Roles that can be started in some order are taken away until only circles, and what leads into them, are left. */
export function reportCircles(needy: ReadonlyMap<number, Needy>, findings: Findings): void {
  const stuck = findStuck(needy);
  const visited = new Set<number>();
  for (const start of stuck) {
    const way: Step[] = [];
    let row: number | undefined = start;
    while (row !== undefined && !visited.has(row)) {
      visited.add(row);
      const one = needy.get(row);
      const need: Need | undefined = one?.needs.find(({ on }) => [...on].some((other) => stuck.has(other)));
      if (one === undefined || need === undefined) break;
      way.push({ one, need });
      row = [...need.on].find((other) => stuck.has(other));
    }
    // The way into a circle does not belong to it; one that ends in an earlier way brings nothing new.
    const entry = way.findIndex(({ one }) => one.row === row);
    if (entry >= 0) reportCircle(way.slice(entry), findings);
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

function reportCircle(circle: readonly Step[], findings: Findings): void {
  const [first] = circle;
  if (first === undefined) return;
  const roles = circle.map(({ one }) => `"${one.role}"`);
  findings.report({
    severity: 'error',
    code: 'config/needs-cycle',
    message: `${[...roles, roles[0]].join(' needs ')}: none of them can start first.`,
    help: 'Remove one of these `needs`.',
    path: first.need.path,
    related: circle.slice(1).map(({ one, need }) => ({ path: need.path, message: `"${one.role}" needs it here.` })),
  });
}
