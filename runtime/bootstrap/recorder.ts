import type { BootstrapStep } from '../contract/bootstrap.ts';
import { CastraError } from '../contract/failures.ts';
import type { BootstrapJob, StepName, StepRecorder } from './job.ts';
import type { OutputLog } from './outputLog.ts';

export interface RecorderRequest {
  readonly job: BootstrapJob;
  readonly log: () => OutputLog | undefined;
  /** Of a step that begins. */
  readonly onStep: (step: string) => void;
}

/** Times the steps of a run, keeps them for its log, and tells of them as they come. */
export function recordSteps({ job, log, onStep }: RecorderRequest, done: BootstrapStep[]): StepRecorder {
  const { plan, report } = job;
  const { vm, units } = plan;
  // Before the first unit: wait-handshake, connect, transfer; after the last one: verify.
  const count = units.length + units.filter(({ reboot }) => reboot).length + 4;
  const tell = (step: StepName, status: Status, more: { durationMs?: number; detail?: string } = {}) => {
    const index = { index: Math.min(done.length + 1, count), count };
    report({ type: 'bootstrap.step', vm, ...step, ...index, status, ...more });
    const took = more.durationMs === undefined ? '' : ` after ${more.durationMs} ms`;
    log()?.note(`${titleOf(step)} ${status}${took}${more.detail === undefined ? '' : `: ${more.detail}`}`);
  };
  return {
    async run(step, act) {
      const startedAt = performance.now();
      const took = () => Math.round(performance.now() - startedAt);
      onStep(titleOf(step));
      tell(step, 'started');
      try {
        const outcome = await act();
        const durationMs = took();
        tell(step, outcome.status, { durationMs, ...(outcome.detail === undefined ? {} : { detail: outcome.detail }) });
        done.push({ ...step, ...outcome, durationMs });
        return outcome;
      } catch (error) {
        const isCancel = error instanceof CastraError && error.failure.kind === 'cancelled';
        const detail = isCancel ? 'cancelled' : detailOf(error);
        const durationMs = took();
        tell(step, 'failed', { durationMs, detail });
        done.push({ ...step, status: 'failed', durationMs, detail });
        throw error;
      }
    },
    retrying: (step, detail) => tell(step, 'retrying', { detail }),
    waiting: (step, detail) => tell(step, 'waiting', { detail }),
  };
}

type Status = 'started' | 'waiting' | 'retrying' | BootstrapStep['status'];

export const titleOf = ({ step, name }: StepName): string => (name === undefined ? step : `${step} ${name}`);

function detailOf(error: unknown): string {
  if (error instanceof CastraError && error.failure.kind === 'bootstrap-failed') return error.failure.detail;
  return error instanceof Error ? error.message : String(error);
}
