import { setImmediate as turn } from 'node:timers/promises';
import type { VmDefinition } from '../../config/project.ts';
import type { RunningOperation } from '../../contract/project.ts';
import type { VmStatus } from '../../contract/vms.ts';
import type { Phase } from '../../contract/vocabulary.ts';
import { type CommandEffect, commandEffects } from '../../contract/vocabulary.ts';
import { baseStamp } from '../../disks/baseChange.ts';
import { overlayBytes } from '../../disks/overlay.ts';
import { followFile } from '../../logs/follow.ts';
import { sizeOf } from '../../logs/rotated.ts';
import { vmFiles } from '../../state/layout.ts';
import type { Liveness } from '../../state/liveness.ts';
import { operationOn } from '../../state/operation/announce.ts';
import type { LaunchRecord } from '../../state/record.ts';
import { type RunState, START_TIMEOUT_MS } from '../../vm/boot/runState.ts';
import { guestBus } from './guestBus.ts';
import { type EndedByItself, explainDisk } from './leftDisk.ts';
import { explainEnd } from './vms.ts';
import { explainStanding, guestState } from './wake.ts';

/** A VM that `up` did not see ready is asked once; a login in an emulated guest takes a second. */
const READY_PROBE_MS = 2500;

/** What the project adds to the evidence of one VM. */
export interface StatusContext {
  readonly stateRoot: string;
  readonly fileIsBroken: boolean;
  readonly operations: readonly RunningOperation[];
}

export type Judgement = Pick<VmStatus, 'state' | 'reason' | 'phase'>;

/** From the process table, QMP, the launch record, and the command at work: what a person would call the VM's state. */
export function judgeVm(
  name: string,
  live: Liveness,
  vm: VmDefinition | undefined,
  context: StatusContext,
): Judgement | Promise<Judgement> {
  return live.kind === 'running' ? judgeRunning(name, live, vm, context) : judgeStopped(name, live, vm, context);
}

function judgeStopped(
  name: string,
  live: Exclude<Liveness, { kind: 'running' }>,
  vm: VmDefinition | undefined,
  context: StatusContext,
): Judgement {
  const gone =
    vm === undefined && !context.fileIsBroken
      ? 'It is no longer in castra.toml; `castra down` removes what it left.'
      : undefined;
  const phase = stepOf(name, context);
  if (phase !== undefined) return { state: 'starting', phase };
  switch (live.kind) {
    case 'absent':
      return { state: 'stopped' };
    case 'ended':
    case 'died':
      return { state: live.kind === 'died' ? 'error' : 'stopped', reason: gone ?? explainLeft(name, live, vm) };
    case 'foreign':
      return {
        state: 'stopped',
        reason: `Its pidfile names pid ${live.pid}, which is another process. Castra leaves it alone.`,
      };
  }
}

function explainLeft(name: string, live: EndedByItself, vm: VmDefinition | undefined): string {
  const end = live.kind === 'died' ? 'QEMU crashed or was killed.' : sentence(explainEnd(live));
  const overlay = vm?.overlayPath ?? live.record?.overlayPath;
  const disk = explainDisk(name, live, overlay === undefined ? undefined : overlayBytes(overlay));
  return `${end} ${disk ?? `\`castra up ${name}\` starts it again.`}`;
}

async function judgeRunning(
  name: string,
  live: Extract<Liveness, { kind: 'running' }>,
  vm: VmDefinition | undefined,
  context: StatusContext,
): Promise<Judgement> {
  const operation = operationOn(context.operations, name);
  const changing = operation ? commandEffects[operation.command] : 'leaves';
  const run = live.record ? await guestState(context.stateRoot, live.record) : undefined;
  const phase = stepOf(name, context);
  const starting = { state: 'starting', ...(phase ? { phase } : {}) } as const;
  if (run?.kind === 'unresponsive' && live.record && isJustLaunched(live.record)) return starting;
  const stuck = judgeRunState(name, run, changing);
  if (stuck) return stuck;
  if (vm === undefined && !context.fileIsBroken) {
    return { state: 'orphaned', reason: 'It is running but is no longer in castra.toml; `castra down` stops it.' };
  }
  if (live.record === undefined) return { state: 'running', reason: 'Its launch record is lost.' };
  // The command that starts it knows more than a second login would tell.
  if (phase !== undefined && live.record.readyAt === undefined) return starting;
  if (!(await isReady(live.record, context.stateRoot))) return judgeStarting(live.record, changing);
  return hasOtherBase(live.record) ? { state: 'running', reason: OTHER_BASE } : { state: 'running' };
}

const OTHER_BASE =
  'Its base image changed after its start, so it may read wrong data. Restart it with `castra down` and `castra up`.';

const hasOtherBase = ({ baseImage, baseStamp: stamp }: LaunchRecord): boolean =>
  stamp !== undefined && stamp !== baseStamp(baseImage);

/** QEMU may take this long to open its sockets. */
export function isJustLaunched({ launchedAt, readyAt, notReady }: LaunchRecord): boolean {
  const age = Date.now() - Date.parse(launchedAt);
  return readyAt === undefined && notReady === undefined && age < START_TIMEOUT_MS;
}

function judgeRunState(vm: string, run: RunState | undefined, changing: CommandEffect): Judgement | undefined {
  if (changing === 'stops' || run?.kind === 'shutting-down') return { state: 'shutting_down' };
  switch (run?.kind) {
    case 'broken':
    case 'unresponsive':
      return { state: 'error', reason: sentence(explainStanding(vm, run)) };
    case 'paused':
      return { state: 'paused', reason: sentence(explainStanding(vm, run)) };
    default:
      return undefined;
  }
}

/** What `up` saw counts; a VM that `up` did not wait for is asked. */
async function isReady(record: LaunchRecord, stateRoot: string): Promise<boolean> {
  const { ready, readyAt, vm } = record;
  if (readyAt !== undefined) return true;
  switch (ready.kind) {
    case 'none':
      return true;
    case 'ssh':
    case 'banner':
      return await letsIn(record, stateRoot);
    case 'broker':
      return guestBus(stateRoot, record) !== undefined;
    case 'serial':
      return await hasLine(vmFiles(stateRoot, vm).serialLog, ready.pattern);
  }
}

/** Loaded only for a VM that may still be starting: it comes with an SSH client. */
async function letsIn(record: LaunchRecord, stateRoot: string): Promise<boolean> {
  const { tryLogin } = await import('../ssh/awaitLogin.ts');
  const attempt = await tryLogin({ stateRoot, alias: '' }, record, AbortSignal.timeout(READY_PROBE_MS));
  return attempt?.kind === 'in';
}

/** A log may be large, and an editor waits in the same process: the end of it, with turns for others in between. */
const SEARCHED_BYTES = 4 * 1024 * 1024;

async function hasLine(path: string, pattern: string): Promise<boolean> {
  const { linePattern } = await import('../../vm/boot/linePattern.ts');
  const line = await linePattern(pattern);
  const log = followFile(path, Math.max(0, sizeOf(path) - SEARCHED_BYTES));
  for (let piece = log.read(), read = 0; piece !== '' && read <= SEARCHED_BYTES; piece = log.read()) {
    if (line.find(piece) !== undefined) return true;
    read += piece.length;
    await turn();
  }
  return false;
}

/** How far the command that starts it is with it; undefined when none does. */
function stepOf(name: string, { operations }: StatusContext): Phase | undefined {
  const phase = operationOn(operations, name)?.steps?.[name];
  return phase === 'ready' ? undefined : phase;
}

function judgeStarting(record: LaunchRecord, changing: CommandEffect): Judgement {
  const { notReady } = record;
  if (changing === 'starts' || notReady === undefined) return { state: 'starting' };
  return { state: 'starting', phase: notReady.phase, reason: `Not ready: ${notReady.evidence}` };
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
