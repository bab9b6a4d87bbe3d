import { isatty } from 'node:tty';
import type { SshOptions, SshOutcome } from '../contract/ssh.ts';
import { pause } from '../process/pause.ts';
import { remoteCommand } from '../ssh/commandLine.ts';
import { SSH_FAILED } from '../ssh/exit.ts';
import { findSsh, runSystemSsh, sshArguments } from '../ssh/systemSsh.ts';
import type { SshTarget } from '../ssh/target.ts';
import { projectFiles } from '../state/layout.ts';
import { inspectVm } from '../state/liveness.ts';
import { queryRunState } from '../vm/boot/runState.ts';
import type { Operation, Run } from './run.ts';
import { writeSshFiles } from './ssh/sshFiles.ts';
import { chooseVm, openSshProject, untilLogin } from './ssh/sshProject.ts';

/** What shells report for Ctrl-C. */
const INTERRUPTED = 130;
/** ssh has waited long enough before. */
const EXPLAIN_TIMEOUT_MS = 5_000;
/** Between the end of a connection and of QEMU: Alpine under TCG 1 to 3 s. A wrong diagnosis is worse than a late one. */
const POWER_OFF_MS = 6_000;
const POWER_OFF_LOOK_MS = 200;

/**
 * A login shell or a command in a VM, on this process's standard streams. The remote exit code is a value, not a
 * failure. Nothing is looked at beforehand, for that would cost every call time: only after ssh failed is it asked why.
 */
export const ssh: Operation<SshOptions, SshOutcome> = async (options, run) => {
  const project = openSshProject(options);
  const target = chooseVm(project, options.vm);
  const command = remoteCommand(options.command ?? []);
  // By number: merely naming process.stdin would open it, and it is ssh's to read.
  const atTerminal = isatty(0) && (command === undefined || isatty(1));
  writeSshFiles(project.place, project.vms);
  await untilLogin(project, target, run);
  const program = findSsh();
  const exitCode =
    program === undefined
      ? await (await import('../ssh/fallback.ts')).runFallback(target, command, atTerminal, run.signal)
      : await runSystemSsh(
          program,
          sshArguments({
            host: target.host,
            config: projectFiles(project.place.stateRoot).sshConfig,
            ...(command === undefined ? {} : { command, ...(atTerminal ? { terminal: true } : {}) }),
          }),
          run.signal,
          target.vm,
        );
  const value = { vm: target.vm, exitCode: exitCode === SSH_FAILED && run.signal.aborted ? INTERRUPTED : exitCode };
  if (value.exitCode === SSH_FAILED && program !== undefined)
    await explainUnlessGone(project.place.stateRoot, target, run);
  return { value, diagnostics: project.diagnostics };
};

/** `ssh VM -- poweroff` ends with the connection, as it should: there is nothing to explain then. */
async function explainUnlessGone(stateRoot: string, target: SshTarget, run: Run): Promise<void> {
  const live = inspectVm(stateRoot, target.vm);
  if (live.kind !== 'running') return;
  const state = live.record && (await queryRunState(live.record.sockets.monitor, EXPLAIN_TIMEOUT_MS));
  if (state?.kind === 'shutting-down') return;
  try {
    await explainFailure(target, run);
  } catch (error) {
    if (await endsSoon(stateRoot, target.vm, run.signal)) return;
    throw error;
  }
}

/** A guest that powers off closes its connections first, and its QEMU ends some seconds later. */
async function endsSoon(stateRoot: string, vm: string, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + POWER_OFF_MS;
  const runs = () => inspectVm(stateRoot, vm).kind === 'running';
  while (runs() && performance.now() < deadline && !signal.aborted) await pause(POWER_OFF_LOOK_MS, signal);
  return !runs();
}

/**
 * ssh(1) exits with 255 when it fails, when a signal ended the command, and when the command itself exits with 255.
 * Logs in once more by other means, and fails with what stands in the way; if nothing does, says what is left.
 */
async function explainFailure(target: SshTarget, { signal, report }: Run): Promise<void> {
  const { connectSsh } = await import('../ssh/connect.ts');
  const client = await connectSsh(target, signal, EXPLAIN_TIMEOUT_MS);
  client.end();
  const text = `${target.vm}: ssh exited with 255 although it can log in: the command exited with 255, a signal ended it, or the connection was lost. \`castra exec\` tells which.`;
  report({ type: 'message', severity: 'info', text });
}
