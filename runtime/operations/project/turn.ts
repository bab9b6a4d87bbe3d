import type { WaitLock } from '../../contract/vms.ts';
import { type LockRequest, lockProject, type ProjectLock } from '../../state/lock.ts';
import type { Run } from '../run.ts';

export interface Turn extends ProjectLock {
  /** Another command came first: what was read before the wait may be different now. */
  readonly waited: boolean;
}

type TurnRequest = Omit<LockRequest, 'signal' | 'onTaken'>;

/** Takes the project's lock; with `waitLock` once it is free, reporting who has it until then. Fails with `busy`. */
export async function takeTurn(request: TurnRequest, waitLock: WaitLock | undefined, run: Run): Promise<Turn> {
  const { signal } = run;
  let waited = false;
  let told = '';
  const lock = await lockProject({
    ...request,
    signal,
    ...(waitLock
      ? {
          onTaken(holder) {
            waited = true;
            const { command = 'unknown', pid, vms = [] } = holder ?? {};
            const who = `${pid} ${holder?.startedAt}`;
            // A lock that was taken a moment ago is not signed yet; the next try says whose it is.
            if (holder === undefined || who === told) return;
            told = who;
            run.report({ type: 'lock.waiting', command, ...(pid === undefined ? {} : { pid }), vms });
          },
        }
      : {}),
  });
  return { ...lock, waited };
}

const ends: ReadonlySet<string> = new Set(['vm.failed', 'vm.not-ready', 'vm.rolled-back']);

/** Notes in the lock what is reported of starts, so that it can be seen from elsewhere. */
export function noteSteps(lock: ProjectLock, run: Run): Run {
  return {
    ...run,
    report(event) {
      if (event.type === 'vm.phase') lock.note(event.vm, event.phase);
      else if (ends.has(event.type) && 'vm' in event && event.vm !== undefined) lock.note(event.vm, undefined);
      run.report(event);
    },
  };
}
