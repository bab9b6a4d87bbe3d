import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Everything below is created 0700 (folders) and 0600 (files): guest disks and consoles hold secrets. */
export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;

/**
 * Bytes of a Unix socket path without its NUL: sun_path has 108 bytes on Linux, 104 on macOS and the BSDs (unix(7)).
 */
export const SOCKET_PATH_LIMIT = process.platform === 'linux' ? 107 : 103;

/** Files of a project, directly under its state root. */
export interface ProjectFiles {
  /** The random id by which Castra's home knows this folder (rootClaims.ts); never removed. */
  readonly id: string;
  /** Held by the kernel's lock while a command takes the VMs that it changes; never removed. */
  readonly lock: string;
  /** Which VMs a command changes, and how far it is: read by `status`, and by commands that want one of these VMs. */
  readonly operation: string;
  readonly logs: string;
  readonly brokerLog: string;
  /** What the guests said over the bus, one file per VM, and `bus.log` with all of it. */
  readonly busLogs: string;
  /** One file per guest that said hello to the broker, and what went wrong there. */
  readonly handshakes: string;
  readonly brokerPid: string;
  /** Which process the broker is and where it listens. */
  readonly brokerRecord: string;
  /** Tokens of the bus, and how far durable subscriptions are. */
  readonly broker: string;
  readonly hostToken: string;
  readonly cursors: string;
  /** Two files per bootstrap: `<vm>-<when>.log` has its output, `<vm>-<when>.json` what ran. */
  readonly bootstrapLogs: string;
  readonly overlays: string;
  /** Overlays that `down --keep-overlay` put aside. */
  readonly kept: string;
  /** The project's SSH key pair and the VMs' host keys. */
  readonly keys: string;
  readonly identity: string;
  /** For `ssh -F` and for an Include: one Host per VM. */
  readonly sshConfig: string;
  readonly knownHosts: string;
}

export function projectFiles(stateRoot: string): ProjectFiles {
  const keys = join(stateRoot, 'keys');
  const logs = join(stateRoot, 'logs');
  const broker = join(stateRoot, 'broker');
  return {
    id: join(stateRoot, 'castra.id'),
    lock: join(stateRoot, 'castra.lock'),
    operation: join(stateRoot, 'operation.json'),
    logs,
    brokerLog: join(logs, 'broker.log'),
    busLogs: join(logs, 'bus'),
    handshakes: join(stateRoot, 'handshakes'),
    brokerPid: join(broker, 'broker.pid'),
    brokerRecord: join(broker, 'broker.json'),
    broker,
    hostToken: join(broker, 'host.token'),
    cursors: join(broker, 'cursors.json'),
    bootstrapLogs: join(logs, 'bootstrap'),
    overlays: join(stateRoot, 'overlays'),
    kept: join(stateRoot, 'kept'),
    keys,
    identity: join(keys, 'id_ed25519'),
    sshConfig: join(stateRoot, 'ssh_config'),
    knownHosts: join(stateRoot, 'known_hosts'),
  };
}

/** What the commands are that change a project at the same time: the first is `operation.json`. */
export function operationFile(stateRoot: string, number: number): string {
  return number === 1 ? projectFiles(stateRoot).operation : join(stateRoot, `operation.${number}.json`);
}

/** Files of one VM. QEMU makes the pidfile, the sockets and the serial log; Castra makes the rest. */
export interface VmFiles {
  readonly pidfile: string;
  /** The launch record (record.ts): what was started, and what proves it. */
  readonly record: string;
  /** How far its bootstrap came (bootstrap/bootstrapState.ts). */
  readonly bootstrap: string;
  readonly qemuLog: string;
  readonly serialLog: string;
  /** The UEFI variable store of this run. */
  readonly firmwareVars: string;
  /** The NoCloud disk that gives the guest its identity. */
  readonly seed: string;
  /** What the guest proves itself with to the broker, where it comes over TCP; another one for each launch. */
  readonly token: string;
  /** What the broker knows of the guest. */
  readonly handshake: string;
  /** The guest's SSH host key, made here so that it is known before the guest is. */
  readonly hostKey: string;
}

export function vmFiles(stateRoot: string, vm: string): VmFiles {
  const { logs, keys, broker, handshakes } = projectFiles(stateRoot);
  return {
    pidfile: join(stateRoot, `${vm}.pid`),
    record: join(stateRoot, `${vm}.json`),
    bootstrap: join(stateRoot, `${vm}.bootstrap.json`),
    qemuLog: join(logs, `${vm}.log`),
    serialLog: join(logs, `${vm}-serial.log`),
    firmwareVars: join(stateRoot, `${vm}.vars.fd`),
    seed: join(stateRoot, `${vm}.seed.iso`),
    token: join(broker, `${vm}.token`),
    handshake: join(handshakes, `${vm}.json`),
    hostKey: join(keys, `${vm}_host_ed25519`),
  };
}

/** Sockets of one VM. A QMP socket serves one client at a time, so readers have one of their own. */
export interface VmSockets {
  /** QMP for the command that holds the project lock. */
  readonly qmp: string;
  /** QMP for `status`. */
  readonly monitor: string;
  /** The serial console. */
  readonly console: string;
  /** The guest's port to the broker. */
  readonly bus: string;
}

/**
 * Sockets live in the state root; where that path is too long for a socket they go to a short folder of the user's,
 * and the launch record remembers which (`recordedSockets`).
 */
export function vmSockets(stateRoot: string, vm: string, env: NodeJS.ProcessEnv = process.env): VmSockets {
  const inState = socketsAt(join(stateRoot, vm));
  return fits(inState) ? inState : (shortSockets(stateRoot, vm, env).find(fits) ?? inState);
}

/**
 * The sockets that a launch record means. Its paths only say which of the places it is where Castra puts sockets: the
 * state root, even if that was renamed since, or a short folder, whose name may come from a variable that this process
 * lacks. There the file's name is ours alone, and the folder must be the user's.
 */
export function recordedSockets(
  stateRoot: string,
  { vm, sockets: { qmp } }: { readonly vm: string; readonly sockets: VmSockets },
): VmSockets {
  const name = shortName(stateRoot, vm);
  const folder = dirname(qmp);
  const isShort = basename(qmp) === `${name}.qmp` && /^castra(?:-\w+)?$/.test(basename(folder)) && isPrivate(folder);
  return socketsAt(isShort ? join(folder, name) : join(stateRoot, vm));
}

function isPrivate(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) return false;
  return process.getuid === undefined || stat.uid === process.getuid();
}

const shortName = (stateRoot: string, vm: string): string =>
  createHash('sha256').update(join(stateRoot, vm)).digest('hex').slice(0, 16);

function shortSockets(stateRoot: string, vm: string, env: NodeJS.ProcessEnv): VmSockets[] {
  return shortFolders(env).map((folder) => socketsAt(join(folder, shortName(stateRoot, vm))));
}

function shortFolders(env: NodeJS.ProcessEnv): string[] {
  const own = `castra-${ownUid()}`;
  return [...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'castra')] : []), join(tmpdir(), own), `/tmp/${own}`];
}

/** Not userInfo(), which fails for a uid that has no name (`docker run -u 1500`). */
const ownUid = (): string => (process.getuid === undefined ? userInfo().username : String(process.getuid()));

const socketsAt = (stem: string): VmSockets => ({
  qmp: `${stem}.qmp`,
  monitor: `${stem}.monitor`,
  console: `${stem}.console`,
  bus: `${stem}.bus`,
});

const fits = (sockets: VmSockets): boolean =>
  Object.values(sockets).every((path: string) => Buffer.byteLength(path) <= SOCKET_PATH_LIMIT);

/** Folders below Castra's home. */
export const homeFiles = (home: string) => ({
  projects: join(home, 'projects'),
  images: join(home, 'images'),
  /** One file per state root that Castra made for this user (rootClaims.ts). */
  roots: join(home, 'roots'),
  /** One file per project that ever ran here. */
  known: join(home, 'known'),
  /** Host ports that running VMs of all projects hold. */
  ports: join(home, 'ports.json'),
  portsLock: join(home, 'ports.lock'),
  /** What was found out about this host's QEMU; safe to delete. */
  qemuCache: join(home, 'cache', 'qemu.json'),
});

/** The image cache: one for all projects, named by what is in the files. */
export function imageFiles(home: string) {
  const folder = homeFiles(home).images;
  return {
    folder,
    /** Held for milliseconds, while records are read or changed and while images are pruned. */
    lock: join(folder, 'castra.lock'),
    /** Downloads that are not whole yet. */
    partial: join(folder, 'partial'),
    /** Per URL: the digest that its first download had. */
    remembered: join(folder, 'remembered'),
    /** Per local file that was converted: which image it became. */
    converted: join(folder, 'converted'),
    image: (sha256: string) => join(folder, `${sha256}.qcow2`),
    /** Beside the image: where it came from and when it was used (images/record.ts). */
    record: (sha256: string) => join(folder, `${sha256}.json`),
  };
}

/** Read-only: an image that others stand on is never written to. */
export const IMAGE_MODE = 0o444;

/** Files of one download; all but the lock go when it is done, or with `castra images prune`. */
export function downloadFiles(home: string, key: string) {
  const stem = join(imageFiles(home).partial, key);
  return {
    part: `${stem}.part`,
    /** Held by the process that downloads, unpacks and converts; never removed: a lock on a deleted file is void. */
    lock: `${stem}.lock`,
    /** Who that is, for those who wait. */
    holder: `${stem}.holder.json`,
    unpacked: `${stem}.unpacked`,
    /** Out of a tar archive. */
    extracted: `${stem}.extracted`,
    converted: `${stem}.converted`,
  };
}
