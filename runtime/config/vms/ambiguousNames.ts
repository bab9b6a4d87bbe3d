import type { Findings } from '../findings/findings.ts';
import type { PlacedVm } from './placedVm.ts';

/** A role called like a replica of another one: on the command line its name means that VM, and not the role. */
export function findAmbiguousNames(vms: readonly PlacedVm[], findings: Findings): void {
  const byName = new Map(vms.map((placed) => [placed.vm.name, placed]));
  for (const { vm, path } of vms) {
    const other = byName.get(vm.role);
    if (other === undefined || other.vm.role === vm.role || vm.index > 0) continue;
    findings.report({
      severity: 'warning',
      code: 'config/ambiguous-name',
      message: `"${vm.role}" is a role here, and also a VM of the role "${other.vm.role}": commands use it for the VM.`,
      help: 'Give one of the roles another name.',
      path: [...path, 'name'],
      related: { path: [...other.path, 'name'], message: `Its VMs are called "${other.vm.role}-<number>".` },
    });
  }
}
