import { existsSync } from 'node:fs';
import type { CleanedRoot, CleanOptions, CleanOutcome } from '../contract/clean.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { ImagesPruneOutcome } from '../contract/images.ts';
import { homeFiles } from '../state/layout.ts';
import { forgetProject, knownProjects } from '../state/registry.ts';
import { forgetOldClaims } from '../state/rootClaims.ts';
import { cleanCode } from './clean/code.ts';
import { type CleanTarget, cleanRoot } from './clean/root.ts';
import { findTargets } from './clean/scope.ts';
import { type Operation, type Run, tell } from './run.ts';

/**
 * Removes what stopped VMs left below state roots: only files whose names Castra knows, never while a VM runs there.
 * With scope `all` a project that is busy, runs or cannot be read is passed over with a warning; it fails only when
 * every one was. Fails with `clean-refused` or `busy`.
 */
export const clean: Operation<CleanOptions, CleanOutcome> = async (options, run) => {
  const { targets, diagnostics } = findTargets(options.scope, options.settings);
  tell(diagnostics, run);
  const dryRun = options.dryRun ?? false;
  const roots: CleanedRoot[] = [];
  for (const target of targets) {
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    roots.push(await (options.scope.kind === 'all' ? cleanOrPassOver : cleanRoot)(target, options, run));
  }
  refuseIfNothingWasDone(roots, options);
  const forgotten = options.scope.kind === 'all' ? forgetGone(options.settings.home, dryRun) : [];
  const code = options.scope.kind === 'all' ? cleanCode(options.settings.home, dryRun) : undefined;
  // After the disks that stood on them are gone.
  const images = options.images ? await pruneImages(options, run) : undefined;
  const reclaimedBytes = roots.reduce((sum, root) => sum + root.reclaimedBytes, images?.reclaimedBytes ?? 0);
  const more = { ...(images ? { images } : {}), ...(code ? { code } : {}) };
  const value = { dryRun, roots, forgotten, ...more, reclaimedBytes: reclaimedBytes + (code?.bytes ?? 0) };
  return { value, diagnostics };
};

/** Loaded only when wanted: the cache comes with code that downloads. */
async function pruneImages({ settings, dryRun }: CleanOptions, run: Run): Promise<ImagesPruneOutcome> {
  const { imagesPrune } = await import('./imagesPrune.ts');
  return (await imagesPrune({ settings, dryRun: dryRun ?? false }, run)).value;
}

/** One project's trouble must not keep the others from being cleaned. */
async function cleanOrPassOver(target: CleanTarget, options: CleanOptions, run: Run): Promise<CleanedRoot> {
  try {
    return await cleanRoot(target, options, run);
  } catch (error) {
    if (error instanceof CastraError && error.failure.kind === 'cancelled') throw error;
    const refused = error instanceof CastraError ? error.message : `${target.stateRoot}: ${messageOf(error)}`;
    run.report({ type: 'message', severity: 'warning', text: describeRefusal(target, refused) });
    const { stateRoot, projectName } = target;
    return { stateRoot, actions: [], reclaimedBytes: 0, refused, ...(projectName ? { projectName } : {}) };
  }
}

/** What `busy` says does not name the folder. */
function describeRefusal({ stateRoot }: CleanTarget, refused: string): string {
  return refused.includes(stateRoot) ? refused : `${stateRoot} was not cleaned: ${refused}`;
}

function refuseIfNothingWasDone(roots: readonly CleanedRoot[], { settings }: CleanOptions): void {
  if (roots.length === 0 || roots.some(({ refused }) => refused === undefined)) return;
  const path = homeFiles(settings.home).projects;
  const detail = `none of ${roots.length === 1 ? 'the one project' : `the ${roots.length} projects`} could be cleaned. The warnings say why.`;
  throw new CastraError({ kind: 'clean-refused', path, detail });
}

/** A project is worth knowing while its file or its state is there. */
function forgetGone(home: string, dryRun: boolean): string[] {
  const gone = knownProjects(home).filter(
    ({ configPath, stateRoot }) => !existsSync(configPath) && !existsSync(stateRoot),
  );
  if (dryRun) return gone.map(({ id }) => id);
  for (const { id } of gone) forgetProject(home, id);
  forgetOldClaims(home, Date.now());
  return gone.map(({ id }) => id);
}
