import { bootstrapStatus, readBootstrapState } from '../../bootstrap/bootstrapState.ts';
import type { BootstrapJob } from '../../bootstrap/job.ts';
import { runBootstrap } from '../../bootstrap/runBootstrap.ts';
import type { BootstrapMode, ProjectConfig, VmDefinition } from '../../config/project.ts';
import type { BootstrapRunOptions, VmBootstrapResult } from '../../contract/bootstrap.ts';
import { CastraError, describe, messageOf, singleFailure } from '../../contract/failures.ts';
import type { HostSettings } from '../../contract/project.ts';
import type { SingleFailure } from '../../contract/singleFailure.ts';
import { isSameProcess } from '../../process/identity.ts';
import { inspectVm } from '../../state/liveness.ts';
import type { LaunchRecord } from '../../state/record.ts';
import type { Run } from '../run.ts';
import { sshPlace } from '../ssh/sshFiles.ts';
import { baseHash } from './baseHash.ts';
import { refuseCircles, vmsNeeded } from './circles.ts';
import { type Gathered, gather, gatherPlan } from './gather.ts';
import { loginOf } from './login.ts';
import { proveGuest } from './proof.ts';
import { openSlots } from './slots.ts';

export interface CrewRequest extends BootstrapRunOptions {
  readonly project: ProjectConfig;
  readonly settings: HostSettings;
  /** The VMs of this command, each with its mode. */
  readonly modes: ReadonlyMap<string, BootstrapMode>;
  /** Run it though nothing changed. */
  readonly again?: boolean;
  /** Only the step of this name. */
  readonly only?: string;
  readonly run: Run;
}

/** All bootstraps of one command: they wait for each other. */
export interface BootstrapCrew {
  /** Whether there is anything to run for a VM. */
  hasWork(vm: string): boolean;
  /** Runs the bootstrap of a VM that runs. Its failure is its result. */
  bootstrap(record: LaunchRecord): Promise<VmBootstrapResult>;
  /** For a VM without work: others need not wait for it. */
  bootstrapNothing(vm: string): void;
  /** A VM that gets no bootstrap after all: others that wait for it learn why. */
  giveUp(vm: string, why: string): void;
}

/** What those learn that wait for a VM: undefined when its bootstrap is done, otherwise why not. */
type Ending = string | undefined;

/** Fails with `bootstrap-refused` when bootstraps would wait for each other for ever. */
export function openCrew(request: CrewRequest): BootstrapCrew {
  const { project, modes, run, only } = request;
  const vms = project.vms.filter(({ name }) => modes.has(name));
  const plans = new Map(
    vms.map((vm) => [
      vm.name,
      gather(vm, { mode: modes.get(vm.name) ?? 'auto', ...(only === undefined ? {} : { only }) }),
    ]),
  );
  refuseCircles(project.vms, plans);
  const endings = new Map(vms.map(({ name }) => [name, openEnding()]));
  const slots = openSlots(project.bootstrapParallel);
  const settle = (vm: string, ending: Ending) => endings.get(vm)?.resolve(ending);
  const waitFor = async (names: readonly string[]): Promise<Ending> => {
    slots.free();
    try {
      const found = names.map((name) => endings.get(name)?.promise ?? Promise.resolve(explainOther(project, name)));
      return (await Promise.all(found)).find((ending) => ending !== undefined);
    } finally {
      await slots.take();
    }
  };
  return {
    hasWork: (vm) => plans.get(vm)?.kind !== 'skip',
    bootstrapNothing: (vm) => settle(vm, undefined),
    giveUp: settle,
    async bootstrap(record) {
      const { vm } = record;
      await slots.take();
      try {
        const result = await bootstrapOne(request, plans.get(vm), record, waitFor);
        settle(vm, endingOf(result));
        return result;
      } finally {
        slots.free();
        settle(vm, `the bootstrap of ${vm} did not end`);
        if (run.signal.aborted) for (const each of endings.keys()) settle(each, 'the command was cancelled');
      }
    },
  };
}

interface PendingEnding {
  readonly promise: Promise<Ending>;
  resolve(ending: Ending): void;
}

function openEnding(): PendingEnding {
  let resolve: PendingEnding['resolve'] = () => undefined;
  const promise = new Promise<Ending>((done) => {
    resolve = done;
  });
  return { promise, resolve: (ending) => resolve(ending) };
}

async function bootstrapOne(
  request: CrewRequest,
  gathered: Gathered | undefined,
  record: LaunchRecord,
  waitFor: (names: readonly string[]) => Promise<Ending>,
): Promise<VmBootstrapResult> {
  const { run } = request;
  const { vm } = record;
  if (run.signal.aborted) return { vm, status: 'cancelled' };
  if (gathered === undefined || gathered.kind === 'skip') {
    return { vm, status: 'skipped', reason: gathered?.reason ?? 'it has nothing to run' };
  }
  try {
    if (gathered.kind === 'error') throw planFailed(vm, gathered.reason);
    for (const text of gathered.plan.warnings) warn(`${vm}: ${text}.`, run);
    return await runBootstrap(await jobOf(request, gathered, record, waitFor));
  } catch (error) {
    const failure: SingleFailure =
      error instanceof CastraError ? singleFailure(error) : { kind: 'internal', detail: messageOf(error) };
    if (failure.kind === 'cancelled') return { vm, status: 'cancelled' };
    run.report({ type: 'bootstrap.failed', vm, message: describe(failure) });
    return { vm, status: 'failed', failure, durationMs: 0, steps: [] };
  }
}

function planFailed(vm: string, detail: string): CastraError {
  const hint = '`castra up --plan` shows what would run.';
  return new CastraError({ kind: 'bootstrap-failed', vm, step: 'wait-handshake', detail, hint, output: [] });
}

async function jobOf(
  { project, settings, again = false, only, run, askPassphrase, drained }: CrewRequest,
  { plan, artifact }: Extract<Gathered, { kind: 'run' }>,
  record: LaunchRecord,
  waitFor: (names: readonly string[]) => Promise<Ending>,
): Promise<BootstrapJob> {
  const target = await loginOf({
    place: sshPlace(project, settings.home),
    record,
    plan,
    settings,
    askPassphrase,
    warn: (text) => warn(text, run),
  });
  const { pid, startToken } = record;
  return {
    plan,
    artifact,
    stateRoot: project.stateRoot,
    uuid: record.uuid,
    // Each launch has an overlay of its own.
    disk: { baseStamp: record.baseStamp ?? '', overlay: record.uuid },
    hashBase: () => baseHash(record.baseImage, settings.home, run.signal),
    target,
    always: again || plan.mode === 'always' || only !== undefined,
    isPartial: only !== undefined,
    logs: project.logs,
    report: run.report,
    signal: run.signal,
    ...(drained ? { drained } : {}),
    isAlive: () => pid !== undefined && startToken !== undefined && isSameProcess({ pid, startToken }),
    proveGuest: (link, deadline) => proveGuest(plan, target, link, deadline),
    waitFor: (names) => waitFor(vmsNeeded(project.vms, plan.vm, names)),
  };
}

function endingOf(result: VmBootstrapResult): Ending {
  switch (result.status) {
    case 'success':
    case 'noop':
    case 'skipped':
      return undefined;
    case 'failed':
      return `the bootstrap of ${result.vm} failed`;
    case 'cancelled':
      return `the bootstrap of ${result.vm} was cancelled`;
  }
}

/** Of a VM that this command leaves alone. */
function explainOther(project: ProjectConfig, name: string): Ending {
  const live = inspectVm(project.stateRoot, name);
  const definition = project.vms.find((vm) => vm.name === name);
  if (live.kind !== 'running') return `${name} is not running; \`castra up ${name}\` starts it`;
  if (definition && !hasBootstrap(definition)) return undefined;
  const status = bootstrapStatus(readBootstrapState(project.stateRoot, name), live.record?.uuid);
  return status?.state === 'done'
    ? undefined
    : `the bootstrap of ${name} has not succeeded; \`castra up ${name}\` runs it`;
}

const hasBootstrap = (vm: VmDefinition): boolean => gatherPlan(vm, { mode: vm.bootstrap.mode }).kind !== 'skip';

function warn(text: string, run: Run): void {
  run.report({ type: 'message', severity: 'warning', text });
}
