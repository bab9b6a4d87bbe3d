import { formatBytes } from '../../runtime/contract/bytes.ts';
import type { RunningOperation } from '../../runtime/contract/project.ts';
import type { VmStatus } from '../../runtime/contract/vms.ts';
import { inWindowWords } from '../cli/windowWords.ts';
import { say } from '../say.ts';
import { showPhase } from './reduce.ts';

/** What a row shows. */
export type RowState =
  | 'stopped'
  | 'starting'
  | 'running'
  | 'degraded'
  | 'paused'
  | 'stopping'
  | 'failed'
  /** It runs, and castra.toml does not declare it. */
  | 'orphan'
  /** It does not run, castra.toml does not declare it, and it left files. */
  | 'leftover'
  /** Nothing is known yet. */
  | 'unknown';

export interface Shown {
  readonly state: RowState;
  readonly detail?: string;
}

/** What status says, in the words of the tree. */
export function stateOf(status: VmStatus, operation: RunningOperation | undefined): Shown {
  const { state, undeclared, pid } = status;
  if (undeclared && state !== 'shutting_down') return pid === undefined ? leftover(status) : orphan();
  const reason = status.reason === undefined ? undefined : inWindowWords(status.reason);
  const detail = reason === undefined ? {} : { detail: reason };
  switch (state) {
    case 'stopped':
      return { state: 'stopped', ...detail };
    case 'starting': {
      if (operation?.cancelling) return { state: 'starting', detail: say('cancelling') };
      return { state: 'starting', ...(status.phase ? { detail: showPhase(status.phase) } : {}), ...detail };
    }
    case 'running':
      return reason === undefined ? stateOfBootstrap(status) : { state: 'degraded', ...detail };
    case 'paused':
      return { state: 'paused', ...detail };
    case 'shutting_down':
      return { state: 'stopping', ...detail };
    case 'error':
      return { state: pid === undefined ? 'failed' : 'degraded', ...detail };
    case 'orphaned':
      return orphan();
  }
}

function leftover({ overlayBytes }: VmStatus): Shown {
  const absent = say('not in castra.toml');
  return {
    state: 'leftover',
    detail: overlayBytes === undefined ? absent : say('{0} · {1} on disk', absent, formatBytes(overlayBytes)),
  };
}

const orphan = (): Shown => ({ state: 'orphan', detail: say('running, not in castra.toml') });

/** Of a VM that works: its bootstrap may still run, or have failed. */
function stateOfBootstrap({ bootstrap }: VmStatus): Shown {
  switch (bootstrap?.state) {
    case 'running':
      return { state: 'running', detail: `bootstrap: ${bootstrap.step ?? 'begins'}` };
    case 'failed': {
      const at = bootstrap.step === undefined ? '' : ` at ${bootstrap.step}`;
      return { state: 'degraded', detail: `bootstrap failed${at}${bootstrap.reason ? `: ${bootstrap.reason}` : ''}` };
    }
    case 'pending':
    case 'done':
    case undefined:
      return { state: 'running' };
  }
}
