import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFiles, vmFiles } from '../../runtime/state/layout.ts';
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
  const vms = count === 1 ? ['web'] : Array.from({ length: count }, (_, index) => `web-${index}`);
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(projectFiles(stateRoot).keys, { recursive: true, mode: 0o700 });
  writeFileSync(projectFiles(stateRoot).lock, '', { mode: 0o600 });
  const seed = makeSeed(folder.path, stateRoot, vms);
  const drive = `if=none,id=seed,format=raw,readonly=on,file=${seed}`;
  const args = JSON.stringify(['-drive', drive, '-device', 'virtio-blk-pci,drive=seed']);
  const machine = `cpus = 1\nmemory = "192 MiB"\nbase_image = '''${image}'''\nssh_user = "root"`;
  const web = `[[vms]]\nname = "web"\ncount = ${count}\n${machine}\nqemu_args = ${args}`;
  const toml = `version = "0.2.0"\n[project]\nname = "Ssh test"\nstate_dir = ${JSON.stringify(stateRoot)}\n${web}\n[[vms]]\nname = "db"\n${machine}\n`;
  writeFileSync(join(folder.path, 'castra.toml'), toml);
  return { ...folder, home, stateRoot };
}

/** The keys, where Castra looks for them, and a disk that tells the guests of them. */
function makeSeed(folder: string, stateRoot: string, vms: readonly string[]): string {
  const { identity } = projectFiles(stateRoot);
  const hostKey = join(folder, 'host');
  for (const path of [identity, hostKey]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'castra-test', '-f', path]);
  }
  for (const vm of vms) {
    for (const end of ['', '.pub']) copyFileSync(`${hostKey}${end}`, `${vmFiles(stateRoot, vm).hostKey}${end}`);
  }
  const read = (path: string) => readFileSync(path, 'utf8');
  const userData = {
    ssh_authorized_keys: [read(`${identity}.pub`).trim()],
    ssh_keys: { ed25519_private: read(hostKey), ed25519_public: read(`${hostKey}.pub`).trim() },
  };
  writeFileSync(join(folder, 'user-data'), `#cloud-config\n${JSON.stringify(userData)}\n`);
  writeFileSync(join(folder, 'meta-data'), 'instance-id: castra-ssh-test\nlocal-hostname: castra-ssh-test\n');
  const seed = join(folder, 'seed.img');
  execFileSync('mformat', ['-C', '-i', seed, '-f', '1440', '-v', 'CIDATA', '::']);
  execFileSync('mcopy', ['-i', seed, join(folder, 'user-data'), join(folder, 'meta-data'), '::']);
  return seed;
}
