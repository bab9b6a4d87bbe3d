import type { SshConfigOptions, SshConfigOutcome } from '../contract/ssh.ts';
import { sshConfigText } from '../ssh/sshConfig.ts';
import { projectFiles } from '../state/layout.ts';
import { vmsCalled } from './project/vms.ts';
import type { Operation } from './run.ts';
import { writeSshFiles } from './ssh/sshFiles.ts';
import { openSshProject } from './ssh/sshProject.ts';

/** Updates the project's OpenSSH files and returns their content. */
export const sshConfig: Operation<SshConfigOptions, SshConfigOutcome> = async (options) => {
  const { place, vms, diagnostics } = openSshProject(options);
  const wanted = vmsCalled(vms, options.vms ?? []).map(({ name }) => name);
  const written = writeSshFiles(place, vms);
  const targets = written.targets.filter(({ vm }) => wanted.includes(vm));
  const text = sshConfigText(targets, projectFiles(place.stateRoot).knownHosts);
  const hosts = targets.map(({ vm, host, port }) => ({ vm, host, port }));
  return { value: { path: projectFiles(place.stateRoot).sshConfig, text, hosts }, diagnostics };
};
