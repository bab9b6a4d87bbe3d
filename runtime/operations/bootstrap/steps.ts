import type { VmDefinition } from '../../config/project.ts';
import { CastraError } from '../../contract/failures.ts';
import { gatherPlan } from './gather.ts';

/** A name that no VM has a step of is a mistake; VMs without it are skipped otherwise. Fails with `usage`. */
export function refuseUnknownStep(vms: readonly VmDefinition[], step: string): void {
  const names = vms.flatMap((vm) => {
    const planned = gatherPlan(vm, { mode: 'always' });
    return planned.kind === 'run' ? planned.plan.units.map(({ name }) => name) : [];
  });
  // A plan that has errors is reported when it is to run.
  if (names.includes(step) || names.length === 0) return;
  const known = [...new Set(names)].join(', ');
  throw new CastraError({ kind: 'usage', detail: `No step is called "${step}". There are: ${known}.` });
}
