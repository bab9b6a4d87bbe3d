import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { VmLaunch } from '../runtime/contract/vms.ts';
import { vmFiles } from '../runtime/state/layout.ts';
import { run } from './run.ts';

/** A QEMU command line as castra ran it, and what it needs that `castra down` removes. */
export interface RecordedStart {
  readonly command: readonly string[];
  readonly launch: VmLaunch;
  readonly seed: string;
}

/** Of a VM that runs. */
export function recordStart(stateRoot: string, vm: string, launch: VmLaunch): RecordedStart {
  const { seed } = vmFiles(stateRoot, vm);
  copyFileSync(seed, `${seed}.copy`);
  return { command: loggedCommand(stateRoot, vm), launch, seed };
}

/** Puts the disks there again. Not measured: neither is the time that castra needs for them saved by hand. */
export function prepareByHand({ launch, seed }: RecordedStart): void {
  const { overlayPath, baseImage } = launch;
  mkdirSync(dirname(overlayPath), { recursive: true });
  run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', baseImage, '-F', 'qcow2', overlayPath]);
  copyFileSync(`${seed}.copy`, seed);
}

export function startByHand({ command: [binary = '', ...args] }: RecordedStart): ChildProcess {
  return spawn(binary, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

export async function end(child: ChildProcess): Promise<void> {
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  child.kill('SIGTERM');
  await gone;
}

/** The newest command line in the VM's QEMU log. */
function loggedCommand(stateRoot: string, vm: string): string[] {
  const lines = readFileSync(join(stateRoot, 'logs', `${vm}.log`), 'utf8').split('\n');
  const header = lines.filter((line) => line.startsWith('# ')).at(-1) ?? '';
  return splitShellWords(header.replace(/^# \S+ /, ''));
}

/** Undoes the quoting of vm/launch.ts: bare words, 'quoted' ones, and \' between quotes. */
function splitShellWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|\\'/g, (_match: string, quoted?: string) => quoted ?? "'"),
  );
}

export function qmpSocketOf(command: readonly string[]): string {
  const chardev = command.find((word) => word.startsWith('socket,id=qmp,'));
  const path = /,path=((?:[^,]|,,)*)/.exec(chardev ?? '')?.[1];
  if (path === undefined) throw new Error('no QMP socket on the logged command line');
  return path.replaceAll(',,', ',');
}
