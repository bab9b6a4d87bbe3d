import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import { commandLine } from '../../runtime/process/identity.ts';
import { readReservations } from '../../runtime/state/portRegistry.ts';
import { type CliResult, outcomeOf, type RunningCli, startCli } from '../../test/support/cli.ts';
import { findQemus, type TempProject, tempProject } from '../../test/support/tempProject.ts';

const VMS = ['db-0', 'web-0', 'web-1'];

export const TOML = `version = "0.2.0"
[project]
name = "soak"
[lifecycle]
graceful_shutdown_wait_secs = 0
sigterm_wait_secs = 5
[[vms]]
name = "web"
count = 2
cpus = 1
memory = "64 MiB"
base_image = "base.qcow2"
ready = "serial:SeaBIOS"
needs = ["db"]
[[vms.port_forwards]]
host = 0
guest = 80
[[vms]]
name = "db"
cpus = 1
memory = "64 MiB"
base_image = "base.qcow2"
ready = "serial:SeaBIOS"
`;

/** A command that hangs is a failure, too. */
const LONGEST_MS = 90_000;
const LEFTOVER = /\.(?:tmp|pid|qmp|monitor|console|qcow2|fd)$|^(?!operation).*\.json$/;

export interface Rig {
  readonly project: TempProject;
  start(args: readonly string[]): RunningCli;
  /** Runs a command to its end, and fails when that is not one of the exit codes. */
  run(args: readonly string[], codes?: readonly number[]): Promise<CliResult>;
  /** No VM has two QEMUs, no two have a port in common, and `status` says what runs. */
  checkNow(): Promise<void>;
  /** Stops all, and nothing of it is left; what must stay is as it was. */
  checkEnd(): Promise<void>;
  dispose(): Promise<void>;
}

export function openRig(): Rig {
  const project = tempProject(TOML);
  const image = digest(project.baseImage);
  let identity: string | undefined;
  // Three VMs on a small machine: they need their processors for a moment only.
  const start = ([verb = '', ...words]: readonly string[]) =>
    startCli(project, [verb, ...(verb === 'up' ? ['--force'] : []), ...words], {
      real: true,
      env: { CASTRA_CODE_CACHE: '1' },
    });
  const run = (args: readonly string[], codes: readonly number[] = [0]) => expectEnd(args, start(args), codes);
  const noteIdentity = () => {
    const now = identityOf(project);
    if (identity !== undefined) assert.equal(now, identity, 'the key or the id of the project changed');
    identity = now;
  };
  return {
    project,
    start,
    run,
    async checkNow() {
      noteIdentity();
      await checkStatus(project, run);
    },
    async checkEnd() {
      await run(['up']);
      assert.deepEqual(runningVms(project), VMS, 'up did not start all');
      noteIdentity();
      await run(['down']);
      assert.deepEqual(runningVms(project), [], 'a QEMU is left');
      assert.deepEqual(leftovers(project), [], 'files are left');
      assert.deepEqual(readReservations(project.home), [], 'ports are still reserved');
      assert.equal(digest(project.baseImage), image, 'the base image changed');
      noteIdentity();
    },
    dispose: () => project.dispose(),
  };
}

async function expectEnd(args: readonly string[], cli: RunningCli, codes: readonly number[]): Promise<CliResult> {
  const timer = setTimeout(() => cli.child.kill('SIGKILL'), LONGEST_MS);
  const result = await cli.result.finally(() => clearTimeout(timer));
  const said = `castra ${args.join(' ')}: exit code ${result.code}, ${result.signal}\n${result.stdout}${result.stderr}`;
  assert.ok(result.code !== null && codes.includes(result.code), said);
  assert.doesNotMatch(result.stderr, /Castra has a bug|^\s+at /m, said);
  return result;
}

/** Taken again when the process table changed meanwhile. */
async function checkStatus(project: TempProject, run: Rig['run']): Promise<void> {
  for (;;) {
    const before = runningVms(project);
    const { vms } = outcomeOf<StatusOutcome>(await run(['status', '--json'], [0, 1]));
    if (runningVms(project).join() !== before.join()) continue;
    for (const { name, state, reason } of vms) {
      const allowed = before.includes(name) ? ['starting', 'running', 'shutting_down'] : ['stopped', 'error'];
      assert.ok(allowed.includes(state), `status shows ${name} as ${state} (${reason}); QEMU runs for: ${before}`);
    }
    return;
  }
}

/** Fails for a VM that has two QEMUs, and for a port that two of them have. */
export function runningVms({ path }: TempProject): string[] {
  const all = findQemus(path).map(({ pid }) => commandLine(pid) ?? []);
  const names = all.flatMap((args) => args[args.indexOf('-name') + 1]?.split(',')[0] ?? []).sort();
  assert.deepEqual(names, [...new Set(names)], 'a VM has two QEMUs');
  const ports = all.flatMap((args) =>
    [...args.join(' ').matchAll(/hostfwd=(\w+:[\d.]*:\d+)/g)].map(([, port]) => port),
  );
  assert.deepEqual(ports, [...new Set(ports)], 'a port is forwarded twice');
  return names;
}

function leftovers({ home }: TempProject): string[] {
  const roots = join(home, 'projects');
  const files = existsSync(roots) ? readdirSync(roots, { recursive: true, encoding: 'utf8' }) : [];
  return files.filter((path) => LEFTOVER.test(basename(path)) || basename(path) === 'operation.json');
}

/** What a project keeps for ever: guests know its key, and Castra's home the id of its folder. */
function identityOf({ home }: TempProject): string | undefined {
  const roots = join(home, 'projects');
  const [root] = existsSync(roots) ? readdirSync(roots) : [];
  if (root === undefined) return undefined;
  const files = ['castra.id', 'keys/id_ed25519'].map((name) => join(roots, root, name));
  return files.every((file) => existsSync(file)) ? files.map(digest).join() : undefined;
}

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
