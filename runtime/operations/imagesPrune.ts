import { statSync } from 'node:fs';
import type { ImagesPruneOptions, ImagesPruneOutcome, ImageUser, PrunedFile } from '../contract/images.ts';
import { findPartials, removePartial } from '../images/download/partials.ts';
import { type ImageFile, listImageFiles, removeImage, withStore } from '../images/store.ts';
import { sweepTemporaries } from '../state/files.ts';
import { imageFiles } from '../state/layout.ts';
import { readOperations } from '../state/operation/announce.ts';
import { findQemu } from '../vm/host/qemu.ts';
import { findImageUsers, type ImageUsers, projectRoots } from './project/imageUsers.ts';
import { failWhenCancelled, type Operation, type Run } from './run.ts';

/** Removes images that no overlay stands on, and what broken-off downloads left. */
export const imagesPrune: Operation<ImagesPruneOptions, ImagesPruneOutcome> = async ({ settings, dryRun }, run) => {
  const { home } = settings;
  const request = { home, dryRun: dryRun ?? false };
  const files = await failWhenCancelled(run, async () => {
    // Before anything else: an image that is used from now on is newer than what is known here.
    const images = listImageFiles(home);
    const kept = images.length === 0 ? [] : await pruneImages(request, images, findQemu(settings).image, run);
    return [...kept, ...(await prunePartials(request))];
  });
  for (const file of files) report(home, file, run);
  const reclaimedBytes = files.reduce((sum, { result, bytes }) => sum + (result === 'kept' ? 0 : bytes), 0);
  return { value: { dryRun: request.dryRun, files, reclaimedBytes }, diagnostics: [] };
};

interface PruneRequest {
  readonly home: string;
  readonly dryRun: boolean;
}

async function pruneImages(
  { home, dryRun }: PruneRequest,
  images: readonly ImageFile[],
  qemuImg: string,
  run: Run,
): Promise<PrunedFile[]> {
  // An `up` at work may have got its image and not have written its launch record yet.
  const before = findWorkers(home);
  const users = await findImageUsers(home, qemuImg, run.signal);
  return withStore(home, run.signal, () => {
    const workers = [...before, ...findWorkers(home)];
    const now = new Map(listImageFiles(home).map((image) => [image.sha256, image]));
    const results = images.flatMap((image) => {
      const current = now.get(image.sha256);
      return current ? [judgeImage(image, current, users, workers)] : [];
    });
    if (dryRun) return results;
    for (const { result, sha256 } of results) if (result === 'planned') removeImage(home, sha256);
    sweepTemporaries(imageFiles(home).folder);
    return results.map((file) => (file.result === 'planned' ? { ...file, result: 'removed' } : file));
  });
}

type JudgedImage = PrunedFile & { readonly sha256: string };

function judgeImage(image: ImageFile, current: ImageFile, users: ImageUsers, workers: readonly Worker[]): JudgedImage {
  const { sha256, path } = image;
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const reason = whyKept(image, current, users, workers);
  return { path, sha256, bytes, ...(reason === undefined ? { result: 'planned' } : { result: 'kept', reason }) };
}

function whyKept(
  image: ImageFile,
  current: ImageFile,
  { byImage, unreadable }: ImageUsers,
  workers: readonly Worker[],
): string | undefined {
  const users = byImage.get(image.path) ?? [];
  if (users.length > 0) return users.map(describeUser).join(', ');
  if (unreadable.length > 0) return `${unreadable[0]} cannot be read, so its base image is unknown`;
  const { lastUsedAt } = current;
  if (lastUsedAt === undefined) return undefined;
  if (lastUsedAt !== image.lastUsedAt) return 'it was used just now';
  const worker = workers.find(({ startedAt }) => lastUsedAt >= startedAt);
  return worker && `castra ${worker.command} (pid ${worker.pid}) in ${worker.project} may use it`;
}

function describeUser({ project, vm, kind, path }: ImageUser): string {
  return kind === 'kept' ? `${path} stands on it` : `VM ${vm} of ${project} (${kind}) uses it`;
}

interface Worker {
  readonly project: string;
  readonly command: string;
  readonly pid: number;
  readonly startedAt: string;
}

/** The commands that are changing a project now. */
function findWorkers(home: string): Worker[] {
  return projectRoots(home).flatMap(({ name, stateRoot }) =>
    readOperations(stateRoot).map((operation) => ({ project: name, ...operation })),
  );
}

async function prunePartials({ home, dryRun }: PruneRequest): Promise<PrunedFile[]> {
  const files: PrunedFile[] = [];
  for (const partial of findPartials(home)) {
    const { bytes, paths } = partial;
    const path = paths.find((name) => name.endsWith('.part')) ?? paths[0] ?? '';
    const removable = await removePartial(home, partial, dryRun);
    if (removable) files.push({ path, bytes, result: dryRun ? 'planned' : 'removed' });
    else files.push({ path, bytes, result: 'kept', reason: 'it is being downloaded' });
  }
  return files;
}

function report(home: string, { path, bytes, result, reason = '' }: PrunedFile, run: Run): void {
  const where = { stateRoot: imageFiles(home).folder, kind: 'images', path } as const;
  if (result === 'kept') run.report({ type: 'cleanup.skipped', ...where, reason });
  else run.report({ type: result === 'removed' ? 'cleanup.removed' : 'cleanup.planned', ...where, bytes });
}
