import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TempFolder, tempFolder } from './tempProject.ts';

export interface SshProject extends TempFolder {
  readonly home: string;
  readonly stateRoot: string;
}

/** VMs of a role `web`, and a VM `db` that tests leave stopped. */
export function sshProject(image: string, count: number): SshProject {
  const folder = tempFolder();
  // Odd on purpose: all of these end up in ssh_config and in ssh's arguments.
  const stateRoot = join(folder.path, `s %h "q' é`);
  const home = join(folder.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  const machine = `cpus = 1\nmemory = "192 MiB"\nbase_image = '''${image}'''\nssh_user = "root"`;
  const web = `[[vms]]\nname = "web"\ncount = ${count}\n${machine}`;
  const toml = `version = "0.2.0"\n[project]\nname = "Ssh test"\nstate_dir = ${JSON.stringify(stateRoot)}\n${web}\n[[vms]]\nname = "db"\n${machine}\n`;
  writeFileSync(join(folder.path, 'castra.toml'), toml);
  return { ...folder, home, stateRoot };
}
