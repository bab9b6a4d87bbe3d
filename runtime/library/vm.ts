import { CastraError } from '../contract/failures.ts';
import type { ProjectOptions } from '../contract/project.ts';
import type { DownOptions, UpOptions, VmDownResult, VmLaunch, VmUpResult } from '../contract/vms.ts';
import { down } from '../operations/down.ts';
import { loadProject } from '../operations/project/openProject.ts';
import { oneVmCalled } from '../operations/project/vms.ts';
import { up } from '../operations/up.ts';
import { later, laterInFinally, type RunOptions } from './call.ts';
import { execInVm, type VmExecOptions, type VmExecution } from './vmExec.ts';

export interface VmOptions
  extends ProjectOptions,
    Pick<UpOptions, 'force' | 'timeoutMs' | 'consent'>,
    Pick<DownOptions, 'waits'> {
  /** A VM, or a role that has only one; may be left out where the project has only one. */
  readonly vm?: string;
}

/** A VM that is ready. Disposing of it stops what `openVm` started: this VM and those it needs. */
export interface Vm extends AsyncDisposable {
  readonly name: string;
  readonly launch: VmLaunch;
  /** False for a VM that ran before; that one is left running. */
  readonly startedHere: boolean;
  /** Runs a command. One word is a line of shell; of several, each reaches the program as it is. */
  exec(command: string | readonly string[], options?: VmExecOptions): Promise<VmExecution>;
  /** Stops what was started here. Again, it does nothing. */
  stop(): Promise<void>;
}

const start = later(() => Promise.resolve(up));
const end = laterInFinally(() => Promise.resolve(down));

/** Starts a VM and waits until it is ready: `await using vm = await openVm(…)`. When it fails, nothing it started runs. */
export async function openVm(options: VmOptions, run: RunOptions = {}): Promise<Vm> {
  const name = nameOf(options);
  const started = new Set<string>();
  const report: RunOptions['report'] = (event) => {
    if (event.type === 'vm.launched') started.add(event.vm);
    run.report?.(event);
  };
  const stop = () => stopVms(options, [...started], run);
  try {
    const { value } = await start({ ...options, vms: [name] }, { ...run, report });
    return makeVm(options, launchOf(name, value.vms), { startedHere: started.has(name), stop });
  } catch (error) {
    // What `up` failed with says more than that a stop failed as well; that is reported as `shutdown.failed`.
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Lends a VM to `body` and stops it afterwards, whatever happens. For languages and versions without `await using`. */
export async function withVm<Result>(
  options: VmOptions,
  body: (vm: Vm) => Promise<Result>,
  run: RunOptions = {},
): Promise<Result> {
  const vm = await openVm(options, run);
  let result: Result;
  try {
    result = await body(vm);
  } catch (error) {
    // As above: what `body` failed with counts.
    await vm.stop().catch(() => undefined);
    throw error;
  }
  await vm.stop();
  return result;
}

function nameOf(options: VmOptions): string {
  const { vms } = loadProject(options).project;
  if (options.vm !== undefined) return oneVmCalled(vms, options.vm).name;
  const [only, ...others] = vms;
  if (only !== undefined && others.length === 0) return only.name;
  const names = vms.map((vm) => vm.name).join(', ');
  throw new CastraError({ kind: 'usage', detail: `Name the VM to open. The project has ${names || 'none'}.` });
}

function launchOf(name: string, vms: readonly VmUpResult[]): { readonly name: string; readonly launch: VmLaunch } {
  const found = vms.find(({ vm }) => vm === name);
  const launch = found && 'launch' in found ? found.launch : undefined;
  if (launch) return { name, launch };
  const detail = `its launch record is missing or damaged. \`castra down ${name}\` and \`castra up ${name}\` restart it.`;
  throw new CastraError({ kind: 'not-running', vm: name, detail });
}

interface Ending {
  readonly startedHere: boolean;
  readonly stop: () => Promise<unknown>;
}

function makeVm(
  options: VmOptions,
  { name, launch }: { readonly name: string; readonly launch: VmLaunch },
  { startedHere, stop: end }: Ending,
): Vm {
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= end().then(
      () => undefined,
      (error) => {
        // What failed once may be tried again.
        stopped = undefined;
        throw error;
      },
    );
    return stopped;
  };
  const exec: Vm['exec'] = (command, wanted = {}) => execInVm(options, { vm: name, command }, wanted);
  return { name, launch, startedHere, exec, stop, [Symbol.asyncDispose]: stop };
}

async function stopVms(
  { config, settings, waits }: VmOptions,
  vms: readonly string[],
  { report }: RunOptions,
): Promise<readonly VmDownResult[]> {
  if (vms.length === 0) return [];
  const { value } = await end({ config, settings, vms, ...(waits ? { waits } : {}) }, report ? { report } : {});
  return value.vms;
}
