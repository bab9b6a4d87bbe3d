import type { ProjectPlace } from '../../config/project.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { CastraError } from '../../contract/failures.ts';
import type { ProjectOptions } from '../../contract/project.ts';
import type { SshTarget } from '../../ssh/target.ts';
import { analyzeProject } from '../project/openProject.ts';
import { explainAbsence, vmsCalled } from '../project/vms.ts';
import { listSshVms, type SshVm, sshTarget } from './sshFiles.ts';

/** A project as those see it who log in to its VMs. */
export interface SshProject {
  readonly place: ProjectPlace;
  readonly vms: readonly SshVm[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Works with a broken file too: a running VM can still be inspected. `validate` and `up` report warnings. */
export function openSshProject(options: ProjectOptions): SshProject {
  const { place, project, diagnostics } = analyzeProject(options);
  return { place, vms: listSshVms(place.stateRoot, project?.vms ?? []), diagnostics };
}

/** The one running VM that a name means. */
export function chooseVm(project: SshProject, name: string): SshTarget {
  const found = vmsCalled(project.vms, [name]);
  const running = found.filter((vm) => vm.live.kind === 'running');
  if (running.length > 1) {
    const names = running.map((vm) => vm.name).join(', ');
    throw new CastraError({
      kind: 'usage',
      detail: `"${name}" means ${running.length} running VMs: ${names}. Name one of them.`,
    });
  }
  const [vm = found[0]] = running;
  if (vm === undefined) throw new CastraError({ kind: 'unknown-vm', names: [name], known: [] });
  return requireTarget(project.place, vm);
}

/** Fails with `not-running`. */
export function requireTarget(place: ProjectPlace, vm: SshVm): SshTarget {
  const target = sshTarget(place, vm);
  if (target) return target;
  throw new CastraError({ kind: 'not-running', vm: vm.name, detail: explainAbsence(vm.name, vm.live) });
}
