import { CastraError, messageOf, singleFailure } from '../../contract/failures.ts';
import type { CapturedOutput, ExecOptions, VmExecResult } from '../../contract/ssh.ts';
import { Capture } from '../../ssh/captured.ts';
import { connectionLost } from '../../ssh/channel.ts';
import type { RemoteEnd } from '../../ssh/exit.ts';
import { readLines } from '../../ssh/lines.ts';
import { type RemoteCommand, type RemoteProcess, startRemote } from '../../ssh/remoteProcess.ts';
import type { SshTarget } from '../../ssh/target.ts';
import type { Run } from '../run.ts';

export interface WantedCommand extends Pick<ExecOptions, 'timeoutMs'> {
  readonly command: RemoteCommand;
  readonly sink: OutputSink;
}

/** Where a command's output goes. */
export interface OutputSink {
  read(remote: RemoteProcess): Promise<unknown>;
  /** What was kept of it, for the result. */
  output(): { readonly output?: CapturedOutput };
}

/** For `capture`. */
export function keepOutput(maxBytes: number): OutputSink {
  const [stdout, stderr] = [new Capture(maxBytes), new Capture(maxBytes)];
  return {
    read: (remote) => Promise.all([stdout.read(remote.stdout), stderr.read(remote.stderr)]),
    output() {
      const [out, err] = [stdout.captured(), stderr.captured()];
      return { output: { stdout: out.bytes, stderr: err.bytes, truncated: out.truncated || err.truncated } };
    },
  };
}

/** Tells lines as they come. */
export function tellOutput(vm: string, drained: ExecOptions['drained'], run: Run): OutputSink {
  const tell = (remote: RemoteProcess, stream: 'stdout' | 'stderr') =>
    readLines(remote[stream], async (text) => {
      if (run.signal.aborted) return;
      run.report({ type: 'exec.output', vm, stream, text });
      await drained?.();
    });
  return {
    read: (remote) => Promise.all([tell(remote, 'stdout'), tell(remote, 'stderr')]),
    output: () => ({}),
  };
}

/** Runs a command in one VM. How it ended is the result, whatever that is. `login` finds out how to reach the VM. */
export async function runCommand(
  vm: string,
  login: () => Promise<{ readonly target: SshTarget; readonly wanted: WantedCommand }>,
  { signal }: Run,
): Promise<VmExecResult> {
  let sink: OutputSink | undefined;
  try {
    if (signal.aborted) return { vm, failure: { kind: 'cancelled' } };
    const { target, wanted } = await login();
    sink = wanted.sink;
    const end = await relay(target, wanted, signal);
    if (end.kind === 'lost') throw signal.aborted ? new CastraError({ kind: 'cancelled' }) : connectionLost(vm);
    const killedBy = end.kind === 'killed' ? { signal: end.signal } : {};
    return { vm, exitCode: end.exitCode, ...killedBy, ...sink.output() };
  } catch (error) {
    if (error instanceof CastraError) return { vm, failure: singleFailure(error), ...sink?.output() };
    // A stream that breaks off: the guest or its SSH server is gone.
    const detail = `the connection was interrupted (${messageOf(error)}).`;
    return { vm, failure: { kind: 'ssh-failed', vm, detail }, ...sink?.output() };
  }
}

/** Reads what a command prints until it ends. A cancel ends the command, and so does its timeout. */
async function relay(target: SshTarget, wanted: WantedCommand, signal: AbortSignal): Promise<RemoteEnd> {
  const { timeoutMs, sink } = wanted;
  const remote = await startRemote(target, wanted.command, signal);
  const kill = () => remote.kill();
  let late = false;
  const expire = () => {
    late = true;
    kill();
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    const [end] = await Promise.all([remote.end, sink.read(remote)]);
    if (end.kind !== 'lost' || !late || timeoutMs === undefined) return end;
    throw new CastraError({ kind: 'command-timed-out', vm: target.vm, timeoutMs });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}
