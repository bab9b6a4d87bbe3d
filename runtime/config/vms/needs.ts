import { type Fields, text } from '../fields.ts';
import type { Findings } from '../findings/findings.ts';
import { suggest } from '../findings/suggest.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import { type Need, type Needy, reportCircles } from './needCircles.ts';
import type { PlacedVm } from './placedVm.ts';

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
    message: `No VM or role is called "${name}".`,
    help: meant ? `Did you mean "${meant}"?` : `Known: ${known.slice(0, 10).join(', ') || 'none'}.`,
    path,
  });
}

function reportItself(role: string, path: TomlPath, findings: Findings): void {
  findings.report({
    severity: 'error',
    code: 'config/needs-itself',
    message: `"${role}" cannot need itself: it would wait forever.`,
    help: 'Remove the name.',
    path,
  });
}
