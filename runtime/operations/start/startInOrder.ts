import type { VmDefinition } from '../../config/project.ts';
import type { VmBootstrapResult } from '../../contract/bootstrap.ts';
import { describe, type Failure } from '../../contract/failures.ts';
import type { SingleFailure } from '../../contract/singleFailure.ts';
import type { VmUpResult } from '../../contract/vms.ts';
import { inspectVm } from '../../state/liveness.ts';
import type { BootstrapCrew } from '../bootstrap/crew.ts';
import { runInOrder } from '../project/inOrder.ts';
import { explainAbsence } from '../project/vms.ts';
import type { Run } from '../run.ts';
import type { StartPlan } from './startPlan.ts';
import { startVm } from './startVm.ts';

export interface Start {
  readonly kept: readonly VmUpResult[];
  readonly plans: readonly StartPlan[];
  readonly crew: BootstrapCrew | undefined;
  readonly stateRoot: string;
}

export interface StartedVm {
  readonly up: VmUpResult;
  readonly bootstrap?: VmBootstrapResult;
}

/** With `--no-wait` a VM whose QEMU runs is as good as ready. */
export function startInOrder(vms: readonly VmDefinition[], start: Start, run: Run): Promise<StartedVm[]> {
  return runInOrder<VmDefinition, StartedVm>(
    vms,
    ({ needs }) => needs,
    async ({ name }, needs) => {
      const up = await startOne(name, needs.map(combine), start, run);
      const isUp = up.result === 'ready' || up.result === 'already-running';
      if (!isUp) start.crew?.giveUp(name, `${name} did not start`);
      const bootstrap = isUp ? await bootstrapOne(name, start, run) : undefined;
      return { up, ...(bootstrap ? { bootstrap } : {}) };
    },
  );
}

async function startOne(
  name: string,
  needs: readonly VmUpResult[],
  { kept, plans }: Start,
  run: Run,
): Promise<VmUpResult> {
  const plan = plans.find(({ vm }) => vm.name === name);
  const running = kept.find(({ vm }) => vm === name);
  if (running || plan === undefined) return running ?? { vm: name, result: 'cancelled' };
  if (run.signal.aborted) return { vm: name, result: 'cancelled' };
  const failed = needs.filter(({ result }) => result === 'failed').map(({ vm }) => vm);
  return failed.length > 0 ? giveUp(name, failed, run) : await startVm(plan, run);
}

async function bootstrapOne(vm: string, { crew, stateRoot }: Start, run: Run): Promise<VmBootstrapResult | undefined> {
  if (!crew?.hasWork(vm)) {
    crew?.bootstrapNothing(vm);
    return undefined;
  }
  const live = inspectVm(stateRoot, vm);
  if (live.kind === 'running' && live.record) return await crew.bootstrap(live.record);
  const why = explainAbsence(vm, live);
  crew.giveUp(vm, `${vm} is not running`);
  const failure: SingleFailure = { kind: 'not-running', vm, detail: why };
  run.report({ type: 'bootstrap.failed', vm, message: describe(failure) });
  return { vm, status: 'failed', failure, durationMs: 0, steps: [] };
}

/** A VM whose bootstrap failed runs on, but `up` has failed. */
export function combine({ up: result, bootstrap }: StartedVm): VmUpResult {
  if (bootstrap === undefined || (result.result !== 'ready' && result.result !== 'already-running')) return result;
  if (bootstrap.status === 'failed') return { vm: result.vm, result: 'failed', failure: bootstrap.failure };
  return bootstrap.status === 'cancelled' ? { vm: result.vm, result: 'cancelled' } : { ...result, bootstrap };
}

function giveUp(vm: string, needs: readonly string[], run: Run): VmUpResult {
  const failure: Failure = { kind: 'dependency-failed', vm, needs };
  run.report({ type: 'vm.failed', vm, message: describe(failure) });
  return { vm, result: 'failed', failure };
}
