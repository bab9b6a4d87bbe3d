import { existsSync } from 'node:fs';
import type { ProjectPlace } from '../../config/project.ts';
import { CastraError } from '../../contract/failures.ts';
import { inspectVm, knownVms } from '../../state/liveness.ts';
import { findMovedFrom, forgetProject, type KnownProject } from '../../state/registry.ts';
import type { Run } from '../run.ts';

/** What a project has left at the state root of the path that its folder had before. */
export interface MovedProject {
  readonly from: KnownProject;
  readonly running: readonly string[];
}

/**
 * A state root below the project's folder moves along with it, and nothing is missing. The default one is named after
 * the path, so after a rename the project has another one: what runs from the old one must not be forgotten.
 */
export function findMoved({ configPath, stateRoot }: ProjectPlace, home: string): MovedProject | undefined {
  const from = findMovedFrom(home, configPath);
  if (from === undefined || from.stateRoot === stateRoot || !existsSync(from.stateRoot)) return undefined;
  const running = knownVms(from.stateRoot).filter((vm) => inspectVm(from.stateRoot, vm).kind === 'running');
  return { from, running };
}

/** Without this, a second set of the same VMs would be started silently. Fails with `project-moved`. */
export function refuseIfMoved(place: ProjectPlace, home: string): void {
  const moved = findMoved(place, home);
  if (moved !== undefined && moved.running.length > 0) throw explain(moved);
}

export function warnIfMoved(place: ProjectPlace, home: string, run: Run): void {
  const moved = findMoved(place, home);
  if (moved === undefined || moved.running.length === 0) return;
  run.report({ type: 'message', severity: 'warning', text: explain(moved).message });
}

function explain({ from, running }: MovedProject): CastraError {
  return new CastraError({ kind: 'project-moved', from: from.configPath, vms: running, project: from.id });
}

/** The old path means nothing any more once nothing is left there. */
export function forgetMoved({ configPath, stateRoot }: ProjectPlace, home: string): void {
  const from = findMovedFrom(home, configPath);
  if (from && (from.stateRoot === stateRoot || !existsSync(from.stateRoot))) forgetProject(home, from.id);
}
