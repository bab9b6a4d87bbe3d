import { isDeepStrictEqual } from 'node:util';
import type { RunningOperation } from '../../contract/project.ts';
import type { WaitLock } from '../../contract/vms.ts';
import type { ChangingCommand } from '../../contract/vocabulary.ts';
import { lockProject, type ProjectLock } from '../../state/lock.ts';
import type { RootPlace } from '../../state/stateRoot.ts';
import type { Run } from '../run.ts';

/** What a command is about, as far as the lock goes. */
export interface Chosen {
  readonly place: RootPlace;
  readonly names: readonly string[];
}

interface TurnRequest {
  readonly home: string;
  readonly command: ChangingCommand;
  readonly waitLock: WaitLock | undefined;
}

/**
 * Takes the VMs that were chosen; with `waitLock` once they are free, reporting which command has them until then.
 * After a wait it chooses again, for castra.toml may have changed. Fails with `busy`.
 */
export async function takeTurn<Choice extends Chosen>(
  { home, command, waitLock }: TurnRequest,
  first: Choice,
  choose: () => Choice | Promise<Choice>,
  run: Run,
): Promise<{ readonly lock: ProjectLock; readonly chosen: Choice }> {
  const { signal } = run;
  const tell = waitLock ? teller(run) : undefined;
  let chosen = first;
  for (;;) {
    let waited = false;
    const onTaken = (holder: RunningOperation | undefined) => {
      waited = true;
      tell?.(holder);
    };
    const { place, names: vms } = chosen;
    const lock = await lockProject({ home, place, command, vms, signal, ...(tell ? { onTaken } : {}) });
    if (!waited) return { lock, chosen };
    const before = chosen;
    try {
      chosen = await choose();
    } catch (error) {
      lock.release();
      throw error;
    }
    if (isDeepStrictEqual([before.place, before.names], [chosen.place, chosen.names])) return { lock, chosen };
    lock.release();
  }
}

/** A lock that was taken a moment ago is not signed yet; the next try says whose it is. */
function teller(run: Run): (holder: RunningOperation | undefined) => void {
  let told = '';
  return (holder) => {
    if (holder === undefined) return;
    const { command, pid, vms, startedAt } = holder;
    if (`${pid} ${startedAt}` === told) return;
    told = `${pid} ${startedAt}`;
    run.report({ type: 'lock.waiting', command, pid, vms });
  };
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
