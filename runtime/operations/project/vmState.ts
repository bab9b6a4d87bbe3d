import type { VmDefinition } from '../../config/project.ts';
import type { RunningOperation } from '../../contract/project.ts';
import type { VmStatus } from '../../contract/vms.ts';
import { type CommandEffect, commandEffects } from '../../contract/vocabulary.ts';
import { baseStamp } from '../../disks/baseChange.ts';
import { followFile } from '../../logs/follow.ts';
import { vmFiles } from '../../state/layout.ts';
import type { Liveness } from '../../state/liveness.ts';
import type { LaunchRecord } from '../../state/record.ts';
import { QUERY_TIMEOUT_MS, queryRunState, type RunState, START_TIMEOUT_MS } from '../../vm/boot/runState.ts';
import { probeSshBanner } from '../../vm/boot/sshBanner.ts';
import { explainEnd } from './vms.ts';

/** A VM that `up` did not see ready is asked once, briefly. */
const READY_PROBE_MS = 250;
/** Characters; no line that a pattern is meant for is longer. */
const OVERLAP = 4096;

/** What the project adds to the evidence of one VM. */
export interface StatusContext {
  readonly stateRoot: string;
  readonly fileIsBroken: boolean;
  readonly operation?: RunningOperation;
}

export type Judgement = Pick<VmStatus, 'state' | 'reason' | 'phase'>;

/** From the process table, QMP, the launch record, and the command at work: what a person would call the VM's state. */
export function judgeVm(
  name: string,
  live: Liveness,
  vm: VmDefinition | undefined,
  context: StatusContext,
): Judgement | Promise<Judgement> {
  return live.kind === 'running' ? judgeRunning(name, live, vm, context) : judgeStopped(live, vm, context);
}

function judgeStopped(
  live: Exclude<Liveness, { kind: 'running' }>,
  vm: VmDefinition | undefined,
  context: StatusContext,
): Judgement {
  const gone =
    vm === undefined && !context.fileIsBroken
      ? 'It is no longer in castra.toml; `castra down` removes what it left.'
      : undefined;
  switch (live.kind) {
    case 'absent':
      return { state: 'stopped' };
    case 'ended':
      return {
        state: 'stopped',
        reason: gone ?? sentence(explainEnd(live)),
      };
    case 'died':
      return {
        state: 'error',
        reason: 'QEMU crashed or was killed. `castra up` starts the VM again, `castra down` removes what it left.',
      };
    case 'foreign':
      return {
        state: 'stopped',
        reason: `Its pidfile names pid ${live.pid}, which is another process. Castra leaves it alone.`,
      };
  }
}

async function judgeRunning(
  name: string,
  live: Extract<Liveness, { kind: 'running' }>,
  vm: VmDefinition | undefined,
  context: StatusContext,
): Promise<Judgement> {
  const { operation } = context;
  const changing = operation?.vms.includes(name) ? commandEffects[operation.command] : 'leaves';
  const run = live.record ? await queryRunState(live.record.sockets.monitor, QUERY_TIMEOUT_MS) : undefined;
  if (run?.kind === 'unresponsive' && live.record && isJustLaunched(live.record)) return { state: 'starting' };
  const stuck = judgeRunState(run, changing);
  if (stuck) return stuck;
  if (vm === undefined && !context.fileIsBroken) {
    return { state: 'orphaned', reason: 'It is running but is no longer in castra.toml; `castra down` stops it.' };
  }
  if (live.record === undefined) return { state: 'running', reason: 'Its launch record is lost.' };
  if (!(await isReady(live.record, context.stateRoot))) return judgeStarting(live.record, changing);
  return hasOtherBase(live.record) ? { state: 'running', reason: OTHER_BASE } : { state: 'running' };
}

const OTHER_BASE =
  'Its base image changed after its start, so it may read wrong data. Restart it with `castra down` and `castra up`.';

const hasOtherBase = ({ baseImage, baseStamp: stamp }: LaunchRecord): boolean =>
  stamp !== undefined && stamp !== baseStamp(baseImage);

/** QEMU may take this long to open its sockets. */
function isJustLaunched({ launchedAt, readyAt, notReady }: LaunchRecord): boolean {
  const age = Date.now() - Date.parse(launchedAt);
  return readyAt === undefined && notReady === undefined && age < START_TIMEOUT_MS;
}

function judgeRunState(run: RunState | undefined, changing: CommandEffect): Judgement | undefined {
  if (changing === 'stops' || run?.kind === 'shutting-down') return { state: 'shutting_down' };
  switch (run?.kind) {
    case 'broken':
    case 'unresponsive':
      return { state: 'error', reason: sentence(`${run.reason}.`) };
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
      return hasLine(vmFiles(stateRoot, vm).serialLog, new RegExp(ready.pattern, 'm'));
  }
}

/** Looks through a log in pieces that overlap, so that a line across two is found; a log may be large. */
function hasLine(path: string, pattern: RegExp): boolean {
  const log = followFile(path);
  let text = '';
  for (let piece = log.read(); piece !== ''; piece = log.read()) {
    text = text.slice(-OVERLAP) + piece;
    if (pattern.test(text)) return true;
  }
  return false;
}

function judgeStarting(record: LaunchRecord, changing: CommandEffect): Judgement {
  const { notReady } = record;
  if (changing === 'starts' || notReady === undefined) return { state: 'starting' };
  return { state: 'starting', phase: notReady.phase, reason: `Not ready: ${notReady.evidence}` };
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
