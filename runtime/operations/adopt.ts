import { lstatSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectPlace } from '../config/project.ts';
import type { AdoptedEntry, AdoptOptions, AdoptOutcome } from '../contract/doctor.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import { judgeEntry, typeOf } from '../state/inventory.ts';
import { adoptRoot, claimRoot, examineRoot } from '../state/stateRoot.ts';
import { findMoved, forgetMoved, type MovedProject, refuseIfMoved } from './project/moved.ts';
import { analyzeProject } from './project/openProject.ts';
import type { Operation, Run } from './run.ts';

/**
 * Takes over a state root that Castra does not use because it was copied, restored or made by another user's Castra, or
 * that belonged to this project when its folder had another path. Lists what is in it, and asks. What launch records
 * there say about processes counts for nothing afterwards. Fails with `state-root-foreign` for what cannot be adopted.
 */
export const adopt: Operation<AdoptOptions, AdoptOutcome> = async (options, run) => {
  const { place } = analyzeProject(options);
  const { home } = options.settings;
  const { stateRoot } = place;
  const verdict = examineRoot(home, place);
  const moved = verdict.kind === 'absent' ? findMoved(place, home) : undefined;
  if (verdict.kind === 'refused' && verdict.found !== 'unknown' && verdict.found !== 'copy') {
    throw new CastraError({
      kind: 'state-root-foreign',
      path: stateRoot,
      found: verdict.found,
      detail: verdict.detail,
    });
  }
  if (verdict.kind !== 'refused' && moved === undefined) {
    return { value: { stateRoot, adopted: false, entries: [] }, diagnostics: [] };
  }
  refuseIfMoved(place, home);
  const from = moved?.from.stateRoot ?? stateRoot;
  const entries = listEntries(from);
  await askFor(from, entries, options, run);
  if (moved) takeOver(moved, place, home);
  else adoptRoot(home, place);
  return { value: { stateRoot, adopted: true, entries, ...(moved ? { from } : {}) }, diagnostics: [] };
};

/** Names, types and sizes, and whether Castra makes files of that name. */
function listEntries(stateRoot: string): AdoptedEntry[] {
  return readdirSync(stateRoot, { withFileTypes: true })
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((entry) => {
      const type = typeOf(entry);
      const { size } = lstatSync(join(stateRoot, entry.name));
      const known = judgeEntry('root', { name: entry.name, type }).kind !== 'unknown';
      return { name: entry.name, type, bytes: type === 'file' ? size : 0, known };
    });
}

async function askFor(
  from: string,
  entries: readonly AdoptedEntry[],
  { consent }: AdoptOptions,
  run: Run,
): Promise<void> {
  const lines = entries.map(({ name, type, bytes, known }) => {
    const what = type === 'file' ? `${bytes} bytes` : type === 'directory' ? 'folder' : type;
    return `${name} (${what})${known ? '' : ': Castra creates no file of that name'}`;
  });
  for (const text of [`In ${from}:`, ...lines]) run.report({ type: 'message', severity: 'info', text });
  const question = `Adopt ${from} with these files? VMs use its keys, and \`castra clean\` removes its disks and logs.`;
  if (consent === undefined || !(await consent({ lines, question }))) throw new CastraError({ kind: 'cancelled' });
}

/** The folder as a whole gets its new name: nothing in it is copied. */
function takeOver({ from }: MovedProject, place: ProjectPlace, home: string): void {
  const { stateRoot } = place;
  try {
    removeIfEmpty(stateRoot);
    renameSync(from.stateRoot, stateRoot);
  } catch (error) {
    throw new CastraError({ kind: 'state-root-unusable', path: stateRoot, detail: messageOf(error) }, { cause: error });
  }
  claimRoot(home, place);
  forgetMoved(place, home);
}

function removeIfEmpty(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) rmdirSync(path);
}
