import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { SshConfigOutcome } from '../../runtime/contract/ssh.ts';
import { projectFiles, vmFiles } from '../../runtime/state/layout.ts';
import { ok, outcomeOf, runCli } from './cli.ts';
import type { SshdKeys } from './hostSshd.ts';
import { type TempProject, tempProject } from './tempProject.ts';

export const LOOPBACK_VM = 'web-0';

/** A project whose one VM has no QEMU worth the name; what answers on its SSH port is for the caller to start. */
export interface LoopbackVm extends SshdKeys {
  readonly project: TempProject;
  readonly identity: string;
}

/** Castra takes what answers for the VM, as it has the VM's host key and takes the project's. */
export async function loopbackVm(): Promise<LoopbackVm> {
  const vm = `[[vms]]\nname = "web"\nbase_image = "base.qcow2"\nssh_user = "${userInfo().username}"\nready = "none"`;
  const toml = `version = "0.2.0"\n[project]\nname = "loopback"\nstate_dir = "s"\n${vm}\n`;
  const project = tempProject(toml);
  const stateRoot = join(project.path, 's');
  await ok(runCli(project, ['up'], { fake: { '*': { servedElsewhere: true } } }));
  const { hosts } = outcomeOf<SshConfigOutcome>(await runCli(project, ['ssh-config', '--json']));
  const { identity } = projectFiles(stateRoot);
  const { hostKey } = vmFiles(stateRoot, LOOPBACK_VM);
  return { project, port: hosts[0]?.port ?? 0, hostKey, identity, authorized: `${identity}.pub` };
}
