import { copyFile, SMALL_BYTES } from './copyFile.ts';
import { isSafeName } from './copyPaths.ts';
import { FILLING_MODE, type FileFacts } from './fileSide.ts';
import type { CopyJob } from './job.ts';
import { Lanes } from './lanes.ts';

/** Small files on their way at a time. */
const FILES_AT_ONCE = 64;
/** A guest may show folders without an end, in width and in depth; no folder of a person comes near these. */
export const MAX_DEPTH = 200;
export const MAX_ENTRIES = 1_000_000;

/** One thing to copy. */
interface Step {
  readonly source: string;
  readonly target: string;
  readonly facts: FileFacts;
  readonly depth: number;
  /** Nothing is at the target: its folder was made by this copy. */
  readonly fresh: boolean;
}

interface Walk {
  readonly job: CopyJob;
  readonly lanes: Lanes;
  seen: number;
}

/**
 * Copies a file, or a folder with all that is in it. A link that is named is followed; links inside are copied as
 * links. Modes are kept. What is there already is overwritten, folders are merged. Folders are walked one after the
 * other, their small files are copied side by side.
 */
export async function copyTree(job: CopyJob, source: string, target: string): Promise<void> {
  const walk: Walk = { job, lanes: new Lanes(FILES_AT_ONCE), seen: 0 };
  const facts = await factsOf(job, source, true);
  if (facts.kind !== 'file' && facts.kind !== 'folder') {
    throw new Error(`${job.from.show(source)} is neither a file nor a folder`);
  }
  try {
    await copyStep(walk, { source, target, facts, depth: 0, fresh: false });
  } finally {
    // Also after a failure: the files are still open.
    await walk.lanes.finish();
  }
}

async function factsOf({ from }: CopyJob, path: string, follow: boolean): Promise<FileFacts> {
  const facts = await from.stat(path, follow);
  if (facts === undefined) throw new Error(`${from.show(path)}: this file or folder does not exist`);
  return facts;
}

/** Resolves when the walk can continue; `end` when all of it is copied. */
async function copyStep(walk: Walk, step: Step): Promise<{ readonly end: Promise<unknown> }> {
  const { job, lanes } = walk;
  const { source, target, facts, fresh } = step;
  job.signal.throwIfAborted();
  switch (facts.kind) {
    case 'file': {
      const copy = { source, facts, target: { path: target, mode: facts.mode, follow: step.depth === 0 }, fresh };
      if (facts.size <= SMALL_BYTES) return lanes.start(() => copyFile(job, copy));
      await copyFile(job, copy);
      return { end: Promise.resolve() };
    }
    case 'folder':
      return copyFolder(walk, step);
    case 'link':
      return lanes.start(async () => {
        await job.to.makeLink(await job.from.readLink(source), target);
        job.count.files += 1;
      });
    case 'device':
    case 'other':
      job.skipped(job.from.show(source));
      return { end: Promise.resolve() };
  }
}

async function copyFolder(walk: Walk, step: Step): Promise<{ readonly end: Promise<unknown> }> {
  const { job, lanes } = walk;
  const { source, target, facts, depth } = step;
  if (depth > MAX_DEPTH)
    throw new Error(`${job.from.show(source)}: there are more than ${MAX_DEPTH} folders in folders`);
  const made = await enterFolder(job, step);
  const ends: Promise<unknown>[] = [];
  for await (const entries of job.from.list(source)) {
    for (const { name, facts: known } of entries) {
      checkEntry(walk, source, name);
      const path = job.from.join(source, name);
      const inside = known ?? (await factsOf(job, path, false));
      const next = { source: path, target: job.to.join(target, name), facts: inside, depth: depth + 1, fresh: made };
      ends.push((await copyStep(walk, next)).end);
    }
  }
  if (!made || facts.mode === undefined) return { end: Promise.all(ends) };
  const { mode } = facts;
  // Last, for a folder may be closed to its own owner. One that was there keeps its mode.
  const close = async () => {
    if (!lanes.failed) await job.to.setMode(target, mode);
  };
  if ((mode & FILLING_MODE) === FILLING_MODE) return lanes.start(close);
  await Promise.all(ends);
  return lanes.start(close);
}

/** Whether the folder was made; otherwise it was there. */
async function enterFolder({ to }: CopyJob, { target, depth, fresh }: Step): Promise<boolean> {
  const there = fresh ? undefined : await to.stat(target, depth === 0);
  if (there !== undefined && there.kind !== 'folder') throw new Error(`${to.show(target)} exists and is not a folder`);
  if (there === undefined) await to.makeFolder(target);
  return there === undefined;
}

function checkEntry(walk: Walk, folder: string, name: string): void {
  const { from, signal } = walk.job;
  signal.throwIfAborted();
  if (!isSafeName(name, process.platform === 'win32')) {
    throw new Error(`${from.show(folder)} has an entry ${JSON.stringify(name)}, which is not a valid file name here`);
  }
  walk.seen += 1;
  if (walk.seen > MAX_ENTRIES) {
    throw new Error(`${from.show(folder)}: there are more than ${MAX_ENTRIES} files and folders to copy`);
  }
}
