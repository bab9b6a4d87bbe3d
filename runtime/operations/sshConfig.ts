import type { SshConfigOptions, SshConfigOutcome } from '../contract/ssh.ts';
import { projectFiles } from '../state/layout.ts';
import type { Operation } from './run.ts';
import { writeSshFiles } from './ssh/sshFiles.ts';
import { openSshProject } from './ssh/sshProject.ts';

/** Updates the project's OpenSSH files and returns their content. */
export const sshConfig: Operation<SshConfigOptions, SshConfigOutcome> = async (options) => {
  const { place, vms, diagnostics } = openSshProject(options);
  const { text, targets } = writeSshFiles(place, vms);
  const hosts = targets.map(({ vm, host, port }) => ({ vm, host, port }));
  return { value: { path: projectFiles(place.stateRoot).sshConfig, text, hosts }, diagnostics };
};
