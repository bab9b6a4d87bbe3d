import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bootstrapStatus, readBootstrapState } from '../../bootstrap/bootstrapState.ts';
import { BOOTSTRAP_FILE } from '../../config/bootstrap/bootstrapProject.ts';
import type { VmDefinition } from '../../config/project.ts';
import type { BootstrapStatus } from '../../contract/vocabulary.ts';
import type { LaunchRecord } from '../../state/record.ts';

/** How far the bootstrap of a VM that runs has come, from files alone. Undefined where there is nothing to run. */
export function bootstrapOf(
  stateRoot: string,
  record: LaunchRecord,
  vm: VmDefinition | undefined,
): BootstrapStatus | undefined {
  const status = bootstrapStatus(readBootstrapState(stateRoot, record.vm), record.uuid);
  if (status !== undefined || vm === undefined || !hasBootstrap(vm)) return status;
  return { state: 'pending' };
}

function hasBootstrap({ bootstrap: { mode, run, script } }: VmDefinition): boolean {
  if (mode === 'skip') return false;
  return run !== undefined || mode === 'always' || [script, join(dirname(script), BOOTSTRAP_FILE)].some(existsSync);
}
