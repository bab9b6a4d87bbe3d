import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  commandLine,
  findByCommandLine,
  identify,
  isSameProcess,
  type ProcessIdentity,
} from '../../runtime/process/identity.ts';

export interface TempFolder {
  readonly path: string;
  /** Ends every QEMU, fake or real, whose pidfile is inside, and removes the folder. */
  dispose(): Promise<void>;
}

/** A folder with a short real path: sockets must fit into it. */
export function tempFolder(): TempFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'castra-t-')));
  return {
    path,
    async dispose() {
      await killQemus(path);
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        openFolders(path);
        rmSync(path, { recursive: true, force: true });
      }
    },
  };
}

/** Tests make folders that may not be written to, and only root can empty these as they are. */
function openFolders(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(path, entry.name));
  }
}

export interface TempProject extends TempFolder {
  readonly configPath: string;
  /** CASTRA_HOME for the commands of this project. */
  readonly home: string;
  /** A whole qcow2 file with nothing on it, beside castra.toml. */
  readonly baseImage: string;
}

export const BASE_IMAGE_NAME = 'base.qcow2';

/** A project of its own. `toml` may name the base image as "base.qcow2". */
export function tempProject(toml: string): TempProject {
  const folder = tempFolder();
  const configPath = join(folder.path, 'castra.toml');
  const home = join(folder.path, 'home');
  const baseImage = join(folder.path, BASE_IMAGE_NAME);
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(configPath, toml);
  makeQcow2(baseImage);
  return { ...folder, configPath, home, baseImage };
}

/** A project that lasts as long as `body`. */
export async function withProject(toml: string, body: (project: TempProject) => Promise<void>): Promise<void> {
  const project = tempProject(toml);
  try {
    await body(project);
  } finally {
    await project.dispose();
  }
}

export function makeQcow2(path: string, ...options: string[]): void {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, path, '1M']);
}

/** QEMUs by their command line, not by the pidfile's text: that may be missing, or name another process. */
export function findQemus(folder: string): ProcessIdentity[] {
  return findByCommandLine(folder)
    .filter((pid) => {
      const args = commandLine(pid) ?? [];
      return args[args.indexOf('-pidfile') + 1]?.startsWith(`${folder}/`) && args.includes('-pidfile');
    })
    .flatMap((pid) => identify(pid) ?? []);
}

/** Brokers whose state root is below a folder. */
export function findBrokers(folder: string): ProcessIdentity[] {
  return findByCommandLine(folder)
    .filter((pid) => {
      const args = commandLine(pid) ?? [];
      return args.includes('broker') && args[args.indexOf('--state-root') + 1]?.startsWith(folder);
    })
    .flatMap((pid) => identify(pid) ?? []);
}

async function killQemus(folder: string): Promise<void> {
  for (const left of [...findQemus(folder), ...findBrokers(folder)]) {
    if (isSameProcess(left)) process.kill(left.pid, 'SIGKILL');
    while (isSameProcess(left)) await delay(5);
  }
}
