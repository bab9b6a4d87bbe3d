import type { VmDefinition } from '../config/project.ts';
import { overlayBytes } from '../images/overlay.ts';
import { followFile } from '../logs/follow.ts';
import type { StatusOptions } from '../options.ts';
import type { RunningOperation, StatusOutcome, VmStatus } from '../outcomes.ts';
import { vmFiles } from '../state/layout.ts';
import { inspectVm, type Liveness } from '../state/liveness.ts';
import { readOperation } from '../state/lock.ts';
import { knownVms, type LaunchRecord } from '../state/record.ts';
import { QUERY_TIMEOUT_MS, queryRunState, type RunState, START_TIMEOUT_MS } from '../vm/runState.ts';
import { probeSshBanner } from '../vm/sshBanner.ts';
import { analyzeProject } from './project.ts';
import { type Operation, tell } from './run.ts';

/** A VM that nobody saw ready is asked once, briefly. */
const READY_PROBE_MS = 250;

/** What is true now, from the process table, QMP and the launch records. Changes nothing, ever. */
export const status: Operation<StatusOptions, StatusOutcome> = async (options, run) => {
  const { place, project, diagnostics } = analyzeProject(options);
  tell(diagnostics, run);
  const { stateRoot } = place;
  const operation = readOperation(stateRoot);
  const declared = project?.vms ?? [];
  const undeclared = knownVms(stateRoot).filter((name) => !declared.some((vm) => vm.name === name));
  const context = { stateRoot, fileIsBroken: project === undefined, ...(operation ? { operation } : {}) };
  const vms = await Promise.all([
    ...declared.map((vm) => describeVm(vm.name, vm, context)),
    ...undeclared.map((name) => describeVm(name, undefined, context)),
  ]);
  const value = {
    projectName: place.name,
    projectPath: place.configPath,
    configVersion: project?.version ?? '',
    stateRoot,
    brokerPort: project?.brokerPort ?? 0,
    ...(operation ? { operation } : {}),
    vms,
  };
  return { value, diagnostics };
};

interface StatusContext {
  readonly stateRoot: string;
  readonly fileIsBroken: boolean;
  readonly operation?: RunningOperation;
}

async function describeVm(name: string, vm: VmDefinition | undefined, context: StatusContext): Promise<VmStatus> {
  const live = inspectVm(context.stateRoot, name);
  const record = 'record' in live ? live.record : undefined;
  const judged =
    live.kind === 'running' ? await judgeRunning(name, live, vm, context) : judgeStopped(live, vm, context);
  return { ...facts(name, vm, live, record, context), ...judged };
}

type Judgement = Pick<VmStatus, 'state' | 'reason' | 'phase'>;

function judgeStopped(
  live: Exclude<Liveness, { kind: 'running' }>,
  vm: VmDefinition | undefined,
  context: StatusContext,
): Judgement {
  const gone =
    vm === undefined && !context.fileIsBroken
      ? 'It is no longer in castra.toml; `castra down` clears what it left.'
      : undefined;
  switch (live.kind) {
    case 'absent':
      return { state: 'stopped' };
    case 'ended':
      return {
        state: 'stopped',
        reason: gone ?? explainEnd(live),
      };
    case 'died':
      return {
        state: 'error',
        reason: 'QEMU crashed or was killed. `castra up` starts the VM anew, `castra down` clears what is left.',
      };
    case 'foreign':
      return {
        state: 'stopped',
        reason: `Its pidfile names pid ${live.pid}, which is another process and is left alone.`,
      };
  }
}

function explainEnd({ record, hostRestarted }: Extract<Liveness, { kind: 'ended' }>): string {
  if (hostRestarted) return 'The host was restarted since it ran.';
  return record.pid === undefined ? 'Its start did not finish.' : 'The guest powered itself off.';
}

async function judgeRunning(
  name: string,
  live: Extract<Liveness, { kind: 'running' }>,
  vm: VmDefinition | undefined,
  context: StatusContext,
): Promise<Judgement> {
  const { operation } = context;
  const changing = operation?.vms.includes(name) ? operation.command : undefined;
  const run = live.record ? await queryRunState(live.record.sockets.monitor, QUERY_TIMEOUT_MS) : undefined;
  if (run?.kind === 'unresponsive' && live.record && isJustLaunched(live.record)) return { state: 'starting' };
  const stuck = judgeRunState(run, changing);
  if (stuck) return stuck;
  if (vm === undefined && !context.fileIsBroken) {
    return { state: 'orphaned', reason: 'It runs but is no longer in castra.toml; `castra down` stops it.' };
  }
  if (live.record === undefined) return { state: 'running', reason: 'Its launch record is lost.' };
  return (await isReady(live.record, context.stateRoot)) ? { state: 'running' } : judgeStarting(live.record, changing);
}

/** QEMU may take this long to open its sockets. */
function isJustLaunched({ launchedAt, readyAt, notReady }: LaunchRecord): boolean {
  const age = Date.now() - Date.parse(launchedAt);
  return readyAt === undefined && notReady === undefined && age < START_TIMEOUT_MS;
}

function judgeRunState(run: RunState | undefined, changing: string | undefined): Judgement | undefined {
  if (changing === 'down' || run?.kind === 'shutting-down') return { state: 'shutting_down' };
  switch (run?.kind) {
    case 'broken':
    case 'unresponsive':
      return { state: 'error', reason: `${run.reason.charAt(0).toUpperCase()}${run.reason.slice(1)}.` };
    case 'paused':
      return { state: 'paused' };
    default:
      return undefined;
  }
}

/** What `up` saw counts; a VM that `up` did not wait for is asked. */
async function isReady({ ready, readyAt, sshPort, vm }: LaunchRecord, stateRoot: string): Promise<boolean> {
  if (readyAt !== undefined) return true;
  switch (ready.kind) {
    case 'none':
      return true;
    case 'ssh':
      return (await probeSshBanner(sshPort, READY_PROBE_MS)).kind === 'banner';
    case 'serial':
      return new RegExp(ready.pattern, 'm').test(followFile(vmFiles(stateRoot, vm).serialLog).read());
  }
}

function judgeStarting(record: LaunchRecord, changing: string | undefined): Judgement {
  const { notReady } = record;
  if (changing === 'up' || notReady === undefined) return { state: 'starting' };
  return { state: 'starting', phase: notReady.phase, reason: `Not ready: ${notReady.evidence}` };
}

function facts(
  name: string,
  vm: VmDefinition | undefined,
  live: Liveness,
  record: LaunchRecord | undefined,
  { stateRoot }: StatusContext,
): Omit<VmStatus, 'state'> {
  const running = live.kind === 'running';
  const overlayPath = record?.overlayPath ?? vm?.overlayPath;
  const bytes = overlayPath === undefined ? undefined : overlayBytes(overlayPath);
  const cpus = running ? record?.cpus : (vm?.cpus ?? record?.cpus);
  const memoryMiB = running ? record?.memoryMiB : (vm?.memoryMiB ?? record?.memoryMiB);
  return {
    name,
    role: vm?.role ?? record?.role ?? name,
    forwards: (running ? record?.forwards : vm?.forwards) ?? [],
    serialLog: vmFiles(stateRoot, name).serialLog,
    ...(cpus === undefined ? {} : { cpus }),
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
    ...(overlayPath === undefined ? {} : { overlayPath }),
    ...(bytes === undefined ? {} : { overlayBytes: bytes }),
    ...(running ? { pid: live.process.pid } : {}),
    ...(running && record
      ? {
          uptimeMs: Math.max(0, Date.now() - Date.parse(record.launchedAt)),
          accelerator: record.accelerator,
          sshPort: record.sshPort,
        }
      : {}),
  };
}
