import { isAbsolute, join, resolve } from 'node:path';
import type { AcceleratorChoice, PortForward, ReadySignal } from '../../contract/vocabulary.ts';
import { DEFAULT_MEMORY_MIB, DEFAULTS } from '../defaults.ts';
import { asTable, type Fields, integer, secondsToMs, tables, text, textMap, texts } from '../fields.ts';
import type { Findings } from '../findings/findings.ts';
import { pathReferences } from '../findings/pathReferences.ts';
import type { BootstrapSettings, UserData, VmDefinition } from '../project.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import { readBaseImage } from './baseImage.ts';
import { bootstrapModeOf } from './bootstrapMode.ts';
import { defaultOverlay, type Folders, isInside, replicaOverlay, resolveOverlay } from './paths.ts';
import type { PlacedVm } from './placedVm.ts';
import { type Picked, pick, type Replica } from './replicas.ts';
import { MAX_DISK_MIB, MAX_MEMORY_MIB, MIN_MEMORY_MIB, type ParsedMemory, parseMemory, parseMiB } from './units.ts';

export interface VmContext {
  readonly folders: Folders;
  readonly accelerator: AcceleratorChoice;
  /** The `[bootstrap]` table. */
  readonly bootstrap: Fields;
  readonly findings: Findings;
}

const ACCELERATORS: readonly AcceleratorChoice[] = ['auto', 'kvm', 'hvf', 'whpx', 'tcg'];

/** Fills in defaults, inheritance and paths for one VM. */
export function interpretVm(replica: Replica, context: VmContext): PlacedVm {
  const { table, name, role, index } = replica;
  const field = (key: string) => pick(replica, key);
  const image = readBaseImage(replica, context.folders.project, context.findings);
  const description = text(field('description').value);
  const firmware = table.firmware === 'bios' || table.firmware === 'uefi' ? table.firmware : undefined;
  const overlay = readOverlay(replica, context);
  const overlaySizeMiB = readSize(field('overlay_size'), context.findings);
  const userData = readUserData(field('user_data').value, context.folders);
  const forwards = readForwards(replica, context.findings);
  const vm: VmDefinition = {
    name,
    role,
    index,
    image,
    overlayPath: overlay.absolute,
    cpus: integer(field('cpus').value, 1, 512) ?? DEFAULTS.vms.cpus,
    memoryMiB: readMemory(field('memory'), context.findings),
    forwards: forwards.map((forward) => forward.forward),
    accelerator: ACCELERATORS.find((choice) => choice === table.accelerator) ?? context.accelerator,
    sshUser: text(table.ssh_user) ?? (image.kind === 'default-alpine' ? 'alpine' : 'root'),
    ready: readReady(replica, context.findings),
    readyTimeoutMs: secondsToMs(table.ready_timeout_secs, DEFAULTS.vms.ready_timeout_secs * 1000, 1),
    qemuArgs: texts(table.qemu_args),
    bootstrap: readBootstrap(replica, context),
    // Known once all VMs are: resolveNeeds.
    needs: [],
    ...(description ? { description } : {}),
    ...(firmware ? { firmware } : {}),
    ...(overlaySizeMiB === undefined ? {} : { overlaySizeMiB }),
    ...(userData ? { userData } : {}),
  };
  const forwardPaths = forwards.map((forward) => forward.path);
  const files = pathReferences(vm, replica);
  return { vm, path: replica.path, overlayPath: overlay.path, forwardPaths, files, replica };
}

/** An overlay of the instance is taken as it is; one of the role is numbered for its replicas. */
function readOverlay(replica: Replica, { folders, findings }: VmContext): { absolute: string; path: TomlPath } {
  const picked = pick(replica, 'overlay');
  const written = text(picked.value);
  if (written === undefined) {
    return {
      absolute: replicaOverlay(defaultOverlay(replica.role, folders.stateRoot), replica.index),
      path: replica.path,
    };
  }
  const own = replica.override?.table.overlay !== undefined;
  const resolved = resolveOverlay(written, folders);
  const absolute = own ? resolved : replicaOverlay(resolved, replica.index);
  const explicit = isAbsolute(written) && !written.split(/[\\/]/).includes('..');
  if (!explicit && !isInside(absolute, folders.project) && !isInside(absolute, folders.stateRoot)) {
    findings.report({
      severity: 'error',
      code: 'config/overlay-outside-project',
      message: `The overlay "${written}" is outside the project's folder.`,
      help: `Castra deletes overlays after a stop. Move it into the project, remove \`overlay\`, or write the absolute path ${absolute} to confirm.`,
      path: picked.path,
    });
  }
  return { absolute, path: picked.path };
}

function readSize({ value, path }: Picked, findings: Findings): number | undefined {
  if (typeof value !== 'string' && !Number.isInteger(value)) return undefined;
  const mib = parseMiB(String(value));
  if (mib !== undefined && mib > 0 && mib <= MAX_DISK_MIB) return mib;
  findings.report({
    severity: 'error',
    code: 'config/invalid-size',
    message: `"${String(value)}" is not a valid disk size.`,
    help: 'Write it as "20 GiB", "512MiB" or "20480" (MiB).',
    path,
  });
  return undefined;
}

/** Every format of cloud-init's user data but a MIME message begins with a `#`; a path rarely does. */
export function readUserData(value: unknown, { project }: Pick<Folders, 'project'>): UserData | undefined {
  const written = text(value);
  if (written === undefined) return undefined;
  if (written.startsWith('#') || written.includes('\n')) return { kind: 'inline', text: written };
  return { kind: 'file', path: resolve(project, written) };
}

const memoryProblems: Readonly<Record<Exclude<ParsedMemory['kind'], 'memory'>, string>> = {
  malformed: 'not a valid amount of memory',
  'too-little': `too little memory; a VM has at least ${MIN_MEMORY_MIB} MiB`,
  'too-much': `too much memory; a VM has at most ${MAX_MEMORY_MIB / 1024 / 1024} TiB`,
};

function readMemory({ value, path }: Picked, findings: Findings): number {
  if (typeof value !== 'string' && !Number.isInteger(value)) return DEFAULT_MEMORY_MIB;
  const parsed = parseMemory(String(value));
  if (parsed.kind === 'memory') return parsed.mib;
  findings.report({
    severity: 'error',
    code: 'config/invalid-memory',
    message: `"${value}" is ${memoryProblems[parsed.kind]}.`,
    help: 'Write it as "2 GiB", "512MiB" or "2048" (MiB).',
    path,
  });
  return DEFAULT_MEMORY_MIB;
}

interface PlacedForward {
  readonly forward: PortForward;
  readonly path: TomlPath;
}

/** Replicas of a role with fixed ports take the next ones; an instance's own list is taken as it is. */
function readForwards(replica: Replica, findings: Findings): PlacedForward[] {
  const own = replica.override?.table.port_forwards !== undefined;
  const { value, path } = pick(replica, 'port_forwards');
  return tables(value).flatMap((table, position): PlacedForward[] => {
    const host = integer(table?.host, 0, 65535);
    const guest = integer(table?.guest, 1, 65535);
    if (table === undefined || host === undefined || guest === undefined) return [];
    const shifted = host === 0 || own ? host : host + replica.index;
    const forwardPath = [...path, position];
    if (shifted > 65535) {
      findings.report({
        severity: 'error',
        code: 'config/host-port-range',
        message: `"${replica.name}" would get host port ${shifted}, which does not exist.`,
        help: 'Choose a lower `host`, or `host = 0` for any free port.',
        path: [...forwardPath, 'host'],
      });
      return [];
    }
    const protocol = text(table.protocol)?.toLowerCase() === 'udp' ? 'udp' : 'tcp';
    return [
      {
        forward: { bind: text(table.bind) ?? DEFAULTS.vms.port_forwards.bind, host: shifted, guest, protocol },
        path: forwardPath,
      },
    ];
  });
}

/** What JavaScript's regular expressions have and RE2's (vm/boot/linePattern.ts) do not. */
const NOT_IN_RE2 = /\(\?(?:=|!|<=|<!)|\\[1-9]|\\k<|\\u|\\c[A-Za-z]/;

function readReady({ table, path }: Replica, findings: Findings): ReadySignal {
  const written = text(table.ready) ?? DEFAULTS.vms.ready;
  if (written === 'none' || written === 'banner' || written === 'broker') return { kind: written };
  if (!written.startsWith('serial:')) return { kind: 'ssh' };
  const pattern = written.slice('serial:'.length);
  try {
    new RegExp(pattern, 'm');
    const unknown = NOT_IN_RE2.exec(pattern)?.[0];
    if (unknown !== undefined) throw new Error(`: it has \`${unknown}\`, which no engine matches in linear time`);
    return { kind: 'serial', pattern };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    findings.report({
      severity: 'error',
      code: 'config/invalid-regex',
      message: `"${pattern}" is not a regular expression: ${why.slice(why.lastIndexOf(': ') + 2)}.`,
      help: 'It has the syntax of RE2: no lookahead, lookbehind or back reference. Put a backslash before characters that stand for themselves.',
      path: [...path, 'ready'],
    });
    return { kind: 'ssh' };
  }
}

/** A role's own value, else the project's, else the default; `env` is merged. */
function readBootstrap({ name, table }: Replica, { folders, bootstrap: shared }: VmContext): BootstrapSettings {
  const own = asTable(table.bootstrap) ?? {};
  const place = (file: string) => join(folders.project, 'bootstrap', name, file);
  const verifyCommand = text(own.verify_command);
  const verifyPath = text(own.verify_path);
  const script = text(own.script);
  const payload = text(own.payload);
  const run = text(own.run);
  const mode = text(own.mode) ?? text(shared.mode) ?? DEFAULTS.bootstrap.mode;
  const timeoutMs = secondsToMs(shared.handshake_timeout_secs, DEFAULTS.bootstrap.handshake_timeout_secs * 1000, 1);
  return {
    mode: bootstrapModeOf(mode) ?? DEFAULTS.bootstrap.mode,
    handshakeTimeoutMs: secondsToMs(own.handshake_timeout_secs, timeoutMs, 1),
    remoteDir: text(own.remote_dir) ?? text(shared.remote_dir) ?? DEFAULTS.bootstrap.remote_dir,
    env: { ...textMap(shared.env), ...textMap(own.env) },
    script: script === undefined ? place('run.sh') : resolve(folders.project, script),
    payload: payload === undefined ? place('payload') : resolve(folders.project, payload),
    ...(run === undefined ? {} : { run }),
    ...(verifyCommand ? { verifyCommand } : {}),
    ...(verifyPath ? { verifyPath } : {}),
  };
}
