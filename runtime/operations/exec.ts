import { CastraError } from '../contract/failures.ts';
import type { ExecOptions, ExecOutcome } from '../contract/ssh.ts';
import { remoteCommand } from '../ssh/commandLine.ts';
import { vmsCalled } from './project/vms.ts';
import type { Operation } from './run.ts';
import { keepOutput, runCommand, tellOutput } from './ssh/runCommand.ts';
import { openSshProject, requireTarget, type SshProject, untilLogin } from './ssh/sshProject.ts';

/** Logins and commands at a time: each is a connection here and a key exchange in an emulated guest. */
const AT_ONCE = 8;

/** Runs one command on several VMs. How each came out is in the outcome; only a wrong call or a cancel is a failure. */
export const exec: Operation<ExecOptions, ExecOutcome> = async (options, run) => {
  const line = remoteCommand(options.command);
  if (line === undefined) throw new CastraError({ kind: 'usage', detail: 'Name the command to run.' });
  const { input, capture, drained } = options;
  const command = { line, ...(input === undefined ? {} : { input }) };
  const timeout = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  const project = openSshProject(options);
  const vms = await mapBounded(chooseVms(project, options.vms ?? []), (vm) => {
    const sink = capture ? keepOutput(capture.maxBytes) : tellOutput(vm.name, drained, run);
    const login = async () => {
      const target = requireTarget(project.place, vm);
      await untilLogin(project, target, run);
      return { target, wanted: { command, sink, ...timeout } };
    };
    return runCommand(vm.name, login, run);
  });
  if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
  return { value: { vms }, diagnostics: project.diagnostics };
};

function chooseVms(project: SshProject, names: readonly string[]): SshProject['vms'] {
  if (names.length > 0) return vmsCalled(project.vms, names);
  const running = project.vms.filter((vm) => vm.live.kind === 'running');
  if (running.length > 0) return running;
  throw new CastraError({ kind: 'usage', detail: 'No VM of this project is running. `castra up` starts them.' });
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
