import type { VmDefinition } from '../../config/project.ts';
import { CastraError } from '../../contract/failures.ts';
import { knownVms } from '../../state/liveness.ts';
import { readRecord } from '../../state/record.ts';

/** The one VM that a name means, or a role that has only one. Also of VMs that castra.toml no longer has. */
export function findOneVm(stateRoot: string, declared: readonly VmDefinition[], wanted: string): string {
  const others = knownVms(stateRoot)
    .filter((name) => !declared.some((vm) => vm.name === name))
    .map((name) => ({ name, role: readRecord(stateRoot, name)?.role ?? name }));
  const all = [...declared.filter(({ role }) => role !== ''), ...others];
  if (all.some((vm) => vm.name === wanted)) return wanted;
  const [first, ...rest] = all.filter((vm) => vm.role === wanted).map((vm) => vm.name);
  if (first === undefined) {
    throw new CastraError({ kind: 'unknown-vm', names: [wanted], known: all.map((vm) => vm.name) });
  }
  if (rest.length === 0) return first;
  const detail = `"${wanted}" is a role of several VMs; name one of them: ${[first, ...rest].join(', ')}.`;
  throw new CastraError({ kind: 'usage', detail });
}
