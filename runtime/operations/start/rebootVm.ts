import type { ProjectConfig } from '../../config/project.ts';
import { CastraError } from '../../contract/failures.ts';
import type { RebootMethod, VmRebootResult } from '../../contract/vms.ts';
import { sizeOf } from '../../logs/rotated.ts';
import type { ProcessIdentity } from '../../process/identity.ts';
import { proveLogin } from '../../ssh/proveLogin.ts';
import { vmFiles } from '../../state/layout.ts';
import { inspectVm } from '../../state/liveness.ts';
import { writeRecord } from '../../state/record.ts';
import { BootEvents, type Readiness, waitUntilReady } from '../../vm/boot/readiness.ts';
import { QmpClient } from '../../vm/qmp.ts';
import { waitForExit } from '../../vm/shutdown.ts';
import { explainStanding, guestState } from '../project/wake.ts';
import type { Run } from '../run.ts';
import { targetOf } from '../ssh/sshFiles.ts';
import { type AskedGuest, askToReboot } from './askToReboot.ts';

export interface RebootPlan extends AskedGuest {
  readonly process: ProcessIdentity;
  readonly method: RebootMethod;
  /** How long it may take to be ready after that; undefined: it is not waited for. */
  readonly timeoutMs: number | undefined;
}

/** Reboots one VM in the QEMU that it has, and waits until it is ready. The disk stays. */
export async function rebootVm(plan: RebootPlan, run: Run): Promise<VmRebootResult> {
  const { place, record, method, timeoutMs } = plan;
  const { vm } = record;
  const { stateRoot } = place;
  await refuseStanding(plan);
  const events = new BootEvents();
  let noteReset = (): void => undefined;
  const reset = new Promise<void>((done) => {
    noteReset = done;
  });
  // Its second socket is for questions of other commands meanwhile.
  const qmp = await QmpClient.connect(record.sockets.qmp, {
    onEvent: (event) => {
      events.record(event);
      if (event.event === 'RESET') noteReset();
    },
  });
  try {
    const serialFrom = sizeOf(vmFiles(stateRoot, vm).serialLog);
    run.report({ type: 'vm.rebooting', vm, method });
    if (method === 'reset') await pressReset(qmp);
    else await askToReboot(plan, reset, run);
    const started = performance.now();
    const { readyAt, notReady, ...fresh } = record;
    writeRecord(stateRoot, fresh);
    if (timeoutMs === undefined) return { vm, result: 'rebooted' };
    const over = new AbortController();
    const exited = endOf(plan.process, over.signal);
    const request = {
      qemu: { process: plan.process, qmp, exited },
      serialLog: vmFiles(stateRoot, vm).serialLog,
      serialFrom,
      ready: record.ready,
      sshPort: record.sshPort,
      logIn: (socket: Parameters<typeof proveLogin>[1], signal: AbortSignal) =>
        proveLogin(targetOf(place, record), socket, signal),
      timeoutMs,
      signal: run.signal,
      onPhase: () => undefined,
    };
    const readiness = await waitUntilReady(request, events).finally(() => over.abort());
    return conclude(plan, readiness, { elapsedMs: Math.round(performance.now() - started), run });
  } finally {
    qmp.close();
  }
}

/** A guest that was paused would stay so. */
async function pressReset(qmp: QmpClient): Promise<void> {
  await qmp.execute('system_reset');
  await qmp.execute('cont');
}

/** A guest that stands still hears nothing; a reset helps it all the same. */
async function refuseStanding({ place, record, method }: RebootPlan): Promise<void> {
  if (method === 'reset') return;
  const state = await guestState(place.stateRoot, record);
  if (state.kind === 'running') return;
  const { vm } = record;
  const detail = `${explainStanding(vm, state)} \`castra reboot --hard ${vm}\` resets it.`;
  throw new CastraError({ kind: 'not-working', vm, detail });
}

/** Resolves only when QEMU ends. */
function endOf(process: ProcessIdentity, signal: AbortSignal): Promise<string> {
  return new Promise((done) => {
    void waitForExit(process, Number.POSITIVE_INFINITY, signal).then((ended) => ended && done('QEMU ended'));
  });
}

interface Waited {
  readonly elapsedMs: number;
  readonly run: Run;
}

function conclude({ place, record }: RebootPlan, readiness: Readiness, { elapsedMs, run }: Waited): VmRebootResult {
  const { vm } = record;
  const { stateRoot } = place;
  const { serialLog } = vmFiles(stateRoot, vm);
  switch (readiness.kind) {
    case 'ready': {
      const { notReady, ...kept } = record;
      if (inspectVm(stateRoot, vm).kind === 'running') {
        writeRecord(stateRoot, { ...kept, readyAt: new Date().toISOString() });
      }
      run.report({ type: 'vm.ready', vm, elapsedMs, evidence: readiness.evidence });
      return { vm, result: 'ready', elapsedMs };
    }
    case 'not-ready': {
      const { phase, detail, serialTail } = readiness;
      run.report({ type: 'vm.not-ready', vm, waitedMs: elapsedMs, phase, evidence: detail });
      throw new CastraError({ kind: 'not-ready', vm, detail, serialTail, logPath: serialLog });
    }
    case 'exited':
      throw new CastraError({ kind: 'not-running', vm, detail: `${readiness.detail} while the guest rebooted.` });
    case 'cancelled':
      throw new CastraError({ kind: 'cancelled' });
  }
}

/** As `up` would wait for it; the default for a VM that the file no longer has. */
export function readyTimeout(project: ProjectConfig | undefined, vm: string): number {
  return project?.vms.find(({ name }) => name === vm)?.readyTimeoutMs ?? DEFAULT_READY_TIMEOUT_MS;
}

const DEFAULT_READY_TIMEOUT_MS = 180_000;
