import { dirname, join } from 'node:path';
import type { ChangingCommand } from '../../runtime/contract/vocabulary.ts';
import { lockProject, type ProjectLock } from '../../runtime/state/lock.ts';
import { claimRoot } from '../../runtime/state/stateRoot.ts';

/** Castra's home for a state root of a test: beside it. */
export const homeBeside = (stateRoot: string): string => join(dirname(stateRoot), 'castra-home');

/** Takes the lock of a state root whose castra.toml would be beside it. */
export function lockRoot(
  stateRoot: string,
  command: ChangingCommand,
  vms: readonly string[] = [],
): Promise<ProjectLock> {
  const place = { stateRoot, configPath: join(dirname(stateRoot), 'castra.toml') };
  return lockProject({ home: homeBeside(stateRoot), place, command, vms });
}

/** Makes a state root as `castra up` does, for a test that puts files into it by hand. */
export function makeRoot(home: string, stateRoot: string, configPath: string): void {
  claimRoot(home, { stateRoot, configPath });
}
