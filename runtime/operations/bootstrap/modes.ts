import type { BootstrapMode, VmDefinition } from '../../config/project.ts';
import type { BootstrapModes } from '../../contract/bootstrap.ts';
import { CastraError } from '../../contract/failures.ts';

/** The mode of each VM: its own, else the one for all, else that of castra.toml. Fails with `bootstrap-refused`. */
export function modesOf(
  all: readonly VmDefinition[],
  { all: global, vms: own = {} }: BootstrapModes = {},
): Map<string, BootstrapMode> {
  const modes = new Map(all.map(({ name, bootstrap }) => [name, global ?? bootstrap.mode]));
  // VMs beat roles, whatever the order.
  for (const isVm of [false, true]) {
    for (const [name, mode] of Object.entries(own)) {
      if (modes.has(name) !== isVm) continue;
      const meant = isVm ? [name] : all.filter(({ role }) => role === name).map((vm) => vm.name);
      if (meant.length === 0) throw unknown(name, all);
      for (const vm of meant) modes.set(vm, mode);
    }
  }
  return modes;
}

function unknown(name: string, all: readonly VmDefinition[]): CastraError {
  const known = all.map((vm) => vm.name).join(', ') || 'none';
  return new CastraError({
    kind: 'bootstrap-refused',
    detail: `--bootstrap names "${name}", which is not a VM or role of this project. Known: ${known}.`,
  });
}
