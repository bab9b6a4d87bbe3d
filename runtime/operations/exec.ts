import { CastraError, messageOf, singleFailure } from '../contract/failures.ts';
import type { ExecOptions, ExecOutcome, VmExecResult } from '../contract/ssh.ts';
import { remoteCommand } from '../ssh/commandLine.ts';
import { SSH_FAILED } from '../ssh/exit.ts';
import { readLines } from '../ssh/lines.ts';
import type { RemoteProcess } from '../ssh/remoteProcess.ts';
import { findSsh, sshArguments, startSystemSsh } from '../ssh/systemSsh.ts';
import type { SshTarget } from '../ssh/target.ts';
import { projectFiles } from '../state/layout.ts';
import { vmsCalled } from './project/vms.ts';
import type { Operation, Run } from './run.ts';
import { writeSshFiles } from './ssh/sshFiles.ts';
import { openSshProject, requireTarget, type SshProject, untilLogin } from './ssh/sshProject.ts';
import { explainFailure } from './ssh.ts';

/** Logins and commands at a time: each is a process here and a key exchange in an emulated guest. */
const AT_ONCE = 8;

/** Runs one command on several VMs. How each came out is in the outcome; only a wrong call or a cancel is a failure. */
export const exec: Operation<ExecOptions, ExecOutcome> = async (options, run) => {
  const command = remoteCommand(options.command);
  if (command === undefined) throw new CastraError({ kind: 'usage', detail: 'Name the command to run.' });
  const project = openSshProject(options);
  const chosen = chooseVms(project, options.vms ?? []);
  writeSshFiles(project.place, project.vms);
  const program = findSsh();
  const start = (target: SshTarget): RemoteProcess | Promise<RemoteProcess> =>
    program === undefined
      ? startWithoutSsh(target, command, run.signal)
      : startSystemSsh(program, sshArguments({ ...call(project, target), command }), target);
  const vms = await mapBounded(chosen, (vm) =>
    attempt(vm.name, run, async () => {
      const target = requireTarget(project.place, vm);
      await untilLogin(project, target, run);
      const exitCode = await relay(target.vm, await start(target), options, run);
      if (exitCode === SSH_FAILED && !run.signal.aborted) await explainFailure(target, run.signal);
      return exitCode;
    }),
  );
  if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
  return { value: { vms }, diagnostics: project.diagnostics };
};

const call = ({ place }: SshProject, { host }: SshTarget) => ({
  host,
  config: projectFiles(place.stateRoot).sshConfig,
  terminal: false,
});

async function startWithoutSsh(target: SshTarget, command: string, signal: AbortSignal): Promise<RemoteProcess> {
  const { startFallback } = await import('../ssh/fallback.ts');
  return startFallback(target, command, signal);
}

function chooseVms(project: SshProject, names: readonly string[]): SshProject['vms'] {
  if (names.length > 0) return vmsCalled(project.vms, names);
  const running = project.vms.filter((vm) => vm.live.kind === 'running');
  if (running.length > 0) return running;
  throw new CastraError({ kind: 'usage', detail: 'No VM of this project is running. `castra up` starts them.' });
}

async function attempt(vm: string, { signal }: Run, body: () => Promise<number>): Promise<VmExecResult> {
  try {
    if (signal.aborted) return { vm, failure: { kind: 'cancelled' } };
    return { vm, exitCode: await body() };
  } catch (error) {
    if (error instanceof CastraError) return { vm, failure: singleFailure(error) };
    // A stream that breaks off: the guest or its SSH server is gone.
    return { vm, failure: { kind: 'ssh-failed', vm, detail: `the connection was interrupted (${messageOf(error)}).` } };
  }
}

/** Tells what a command prints until it ends. A cancel ends the command, and with it both streams. */
async function relay(vm: string, remote: RemoteProcess, options: ExecOptions, run: Run): Promise<number> {
  const kill = () => remote.kill();
  run.signal.addEventListener('abort', kill, { once: true });
  if (run.signal.aborted) kill();
  const tell = (stream: 'stdout' | 'stderr') =>
    readLines(remote[stream], async (text) => {
      if (run.signal.aborted) return;
      run.report({ type: 'exec.output', vm, stream, text });
      await options.drained?.();
    });
  try {
    const [exitCode] = await Promise.all([remote.exitCode, tell('stdout'), tell('stderr')]);
    return exitCode;
  } finally {
    run.signal.removeEventListener('abort', kill);
  }
}

/** In order, but only so many at a time. */
async function mapBounded<In, Out>(items: readonly In[], body: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) results[index] = await body(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
