import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { VmBootstrapResult } from '../../runtime/contract/bootstrap.ts';
import type { EventOf } from '../../runtime/contract/events.ts';
import { type CliResult, lines, ok, runCli } from './cli.ts';
import { guest, REAL } from './realGuest.ts';
import { type TempFolder, tempFolder } from './tempProject.ts';

/** A project of real guests. */
export interface BootstrapProject {
  readonly path: string;
  readonly home: string;
  readonly stateRoot: string;
  /** Writes a file of the project; one that begins with `#!` may be executed. */
  write(name: string, text: string): void;
  /** In the guest. */
  sh(vm: string, command: string): Promise<string>;
}

/** A VM of the test guest; `settings` are further lines of its table. */
export interface GuestVm {
  readonly name: string;
  readonly settings?: string;
  readonly memory?: string;
}

export function guestVm(name: string, settings = ''): GuestVm {
  return { name, settings };
}

/** Runs a test in a project; the folder and every QEMU in it are gone afterwards. */
export async function withGuests(
  t: TestContext,
  vms: readonly GuestVm[],
  body: (project: BootstrapProject) => Promise<void>,
  shared = '',
): Promise<void> {
  if ('missing' in guest) return t.skip(guest.missing);
  const folder = tempFolder();
  try {
    await body(makeProject(folder, guest.image, vms, shared));
  } finally {
    await folder.dispose();
  }
}

function makeProject(folder: TempFolder, image: string, vms: readonly GuestVm[], shared: string): BootstrapProject {
  const path = join(folder.path, 'p');
  const home = join(folder.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(path);
  const machine = `cpus = 1\nbase_image = '''${image}'''\nssh_user = "root"`;
  const tables = vms.map(
    ({ name, settings = '', memory = '256 MiB' }) =>
      `[[vms]]\nname = "${name}"\nmemory = "${memory}"\n${machine}\n${settings}\n`,
  );
  const head = `version = "0.1.0"\n[project]\nname = "boot"\nstate_dir = "s"\n${shared}\n`;
  writeFileSync(join(path, 'castra.toml'), head + tables.join(''));
  const project = { path, home };
  return {
    ...project,
    stateRoot: join(path, 's'),
    write(name, text) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      if (text.startsWith('#!')) chmodSync(file, 0o755);
    },
    async sh(vm, command) {
      const result = await ok(runCli(project, ['exec', '--json', vm, '--', command], REAL));
      return eventsOf(result, 'exec.output')
        .map(({ text }) => text)
        .join('')
        .trimEnd();
    },
  };
}

export function eventsOf<T extends Parameters<typeof isType>[1]>(result: CliResult, type: T): EventOf<T>[] {
  return lines(result).filter((line) => isType(line, type)) as unknown as EventOf<T>[];
}

type AnyEvent = import('../../runtime/contract/events.ts').Event;

const isType = (line: { readonly type: string }, type: AnyEvent['type']): boolean => line.type === type;

/** What the summary says of a VM; every command that runs bootstraps has one. */
export function resultOf(result: CliResult, vm = 'web'): VmBootstrapResult {
  const [summary] = eventsOf(result, 'bootstrap.summary');
  const found = summary?.vms.find((each) => each.vm === vm);
  if (found === undefined) throw new Error(`no result of ${vm}: ${result.stdout}${result.stderr}`);
  return found;
}

/** `apply app: failed` and so on, of what has ended. */
export function stepsOf(result: CliResult, vm = 'web'): string[] {
  return eventsOf(result, 'bootstrap.step')
    .filter((event) => event.vm === vm && event.status !== 'started')
    .map(({ step, name, status }) => `${name === undefined ? step : `${step} ${name}`}: ${status}`);
}

export function outputOf(result: CliResult, vm = 'web'): string {
  return eventsOf(result, 'bootstrap.output')
    .filter((event) => event.vm === vm)
    .map(({ text }) => text)
    .join('');
}

/** The newest JSON log of a VM. */
export function runLogOf({ stateRoot }: BootstrapProject, vm = 'web'): Record<string, unknown> {
  const folder = join(stateRoot, 'logs', 'bootstrap');
  const name = readdirSync(folder)
    .filter((each) => each.startsWith(`${vm}-`) && each.endsWith('.json'))
    .sort()
    .at(-1);
  return JSON.parse(readFileSync(join(folder, name ?? ''), 'utf8'));
}

export function failureOf(result: CliResult, vm = 'web') {
  const found = resultOf(result, vm);
  assert.ok(found.status === 'failed' && found.failure.kind === 'bootstrap-failed', result.stdout + result.stderr);
  assert.equal(result.code, 70);
  return found.failure;
}
