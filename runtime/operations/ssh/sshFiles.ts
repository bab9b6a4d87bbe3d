import { existsSync } from 'node:fs';
import type { ProjectPlace, VmDefinition } from '../../config/project.ts';
import { slugify } from '../../config/vms/names.ts';
import { projectId } from '../../config/vms/paths.ts';
import { CastraError, messageOf } from '../../contract/failures.ts';
import { explainBadPath, knownHostsText, parsePublicKey, sshConfigText } from '../../ssh/sshConfig.ts';
import type { SshTarget } from '../../ssh/target.ts';
import { readTextIfAny, writeFileAtomic } from '../../state/files.ts';
import { projectFiles, vmFiles } from '../../state/layout.ts';
import { inspectVm, type Liveness } from '../../state/liveness.ts';
import type { LaunchRecord } from '../../state/record.ts';
import { projectAlias } from '../../state/registry.ts';
import { projectVms } from '../project/vms.ts';
import type { Run } from '../run.ts';

/** What is needed to log in to a VM, declared or not. */
export interface SshVm {
  readonly name: string;
  readonly role: string;
  readonly sshUser?: string;
  readonly live: Liveness;
}

/** For an image whose definition is gone and whose launch was before users were recorded. */
const USER_OF_LAST_RESORT = 'root';

/** The VMs of the file and those that run without it: an edit must not lock a user out. */
export function listSshVms(stateRoot: string, declared: readonly VmDefinition[]): SshVm[] {
  return projectVms(stateRoot, declared).map(({ name, role, definition }) => {
    const user = definition === undefined ? {} : { sshUser: definition.sshUser };
    return { name, role, ...user, live: inspectVm(stateRoot, name) };
  });
}

/** Where a project's files for SSH are, and what its machines are called there. */
export interface SshPlace {
  readonly stateRoot: string;
  readonly alias: string;
}

export function sshPlace({ stateRoot, name, configPath }: ProjectPlace, home: string): SshPlace {
  return { stateRoot, alias: projectAlias(home, projectId(configPath), slugify(name, 'project')) };
}

/** How to log in to a VM; undefined unless it runs and its port is known. */
export function sshTarget(place: SshPlace, vm: SshVm): SshTarget | undefined {
  const record = vm.live.kind === 'running' ? vm.live.record : undefined;
  return record === undefined || record.sshPort === 0 ? undefined : targetOf(place, record, vm.sshUser);
}

/** How to log in to the VM of a launch. */
export function targetOf({ stateRoot, alias }: SshPlace, record: LaunchRecord, declaredUser?: string): SshTarget {
  const { vm } = record;
  const hostKey = parsePublicKey(readTextIfAny(`${vmFiles(stateRoot, vm).hostKey}.pub`) ?? '');
  return {
    vm,
    host: `castra-${alias}-${vm}`,
    port: record.sshPort,
    // The user of its seed disk: an edit since then gave no access.
    user: record.sshUser ?? declaredUser ?? USER_OF_LAST_RESORT,
    identity: projectFiles(stateRoot).identity,
    ...(hostKey === undefined ? {} : { hostKey }),
  };
}

export interface SshFiles {
  readonly text: string;
  readonly targets: readonly SshTarget[];
}

/**
 * Writes ssh_config and known_hosts of a project for the VMs that run. Those that do not are left out: their ports may
 * be another process's by now. Files change only when their text does, and always as a whole: a user's own
 * configuration may include them at any time. Nothing is written before the project has a state root.
 */
export function writeSshFiles(place: SshPlace, vms: readonly SshVm[]): SshFiles {
  const files = projectFiles(place.stateRoot);
  const bad = explainBadPath(place.stateRoot);
  if (bad) throw new CastraError({ kind: 'state-root-unusable', path: place.stateRoot, detail: bad });
  const targets = vms.flatMap((vm) => sshTarget(place, vm) ?? []);
  const text = sshConfigText(targets, files.knownHosts);
  if (existsSync(place.stateRoot)) {
    replaceIfChanged(files.knownHosts, knownHostsText(targets));
    replaceIfChanged(files.sshConfig, text);
  }
  return { text, targets };
}

/** Without the project lock, whose holder may sweep the temporary file away: the second time it has done so. */
function replaceIfChanged(path: string, text: string, tries = 2): void {
  if (readTextIfAny(path) === text) return;
  try {
    writeFileAtomic(path, text);
  } catch (error) {
    const swept = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!swept || tries === 1) {
      throw new CastraError({ kind: 'write-failed', path, detail: messageOf(error) }, { cause: error });
    }
    replaceIfChanged(path, text, tries - 1);
  }
}

/** For commands that have done their work: files of ssh are not worth a failure. */
export function refreshSshFiles(place: SshPlace, declared: readonly VmDefinition[], run: Run): void {
  try {
    writeSshFiles(place, listSshVms(place.stateRoot, declared));
  } catch (error) {
    if (!(error instanceof CastraError)) throw error;
    run.report({ type: 'message', severity: 'warning', text: error.message });
  }
}
