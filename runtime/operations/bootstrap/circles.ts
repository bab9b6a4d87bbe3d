import type { VmDefinition } from '../../config/project.ts';
import { CastraError } from '../../contract/failures.ts';
import { vmsCalled } from '../project/vms.ts';
import type { Gathered } from './gather.ts';

/** Names of the VMs that `needs` of a step mean. Fails with `bootstrap-refused`. */
export function vmsNeeded(all: readonly VmDefinition[], vm: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  try {
    return vmsCalled(all, names).map(({ name }) => name);
  } catch {
    const detail = `A step of ${vm} needs ${names.join(', ')}, and not all of these are VMs or roles of this project.`;
    throw new CastraError({ kind: 'bootstrap-refused', detail });
  }
}

/**
 * A VM starts after the bootstraps of those that it needs, and a step begins after those that it needs: together these
 * must not lead back to where they began, or all would wait for ever. Fails with `bootstrap-refused`.
 */
export function refuseCircles(all: readonly VmDefinition[], plans: ReadonlyMap<string, Gathered>): void {
  const after = (name: string): string[] => {
    const vm = all.find((each) => each.name === name);
    const plan = plans.get(name);
    const steps = plan?.kind === 'run' ? plan.plan.units.flatMap((unit) => vmsNeeded(all, name, unit.needs)) : [];
    return [...(vm?.needs ?? []), ...steps];
  };
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name].join(' → ');
      const detail = `Bootstraps would wait for each other for ever: ${circle}. Remove one of the names from \`needs\`, in castra.toml or in a step.`;
      throw new CastraError({ kind: 'bootstrap-refused', detail });
    }
    if (done.has(name)) return;
    for (const next of after(name)) visit(next, [...trail, name]);
    done.add(name);
  };
  for (const name of plans.keys()) visit(name, []);
}
