import { isSafeName } from './copyPaths.ts';
import type { FileFacts, FileSide } from './fileSide.ts';
import { transfer } from './transfer.ts';

/** Counts up while a copy runs. */
export interface CopyCount {
  files: number;
  bytes: number;
}

export interface CopyJob {
  readonly from: FileSide;
  readonly to: FileSide;
  readonly signal: AbortSignal;
  readonly count: CopyCount;
  /** Told of what is neither file, folder nor link, and so is left out. */
  readonly skipped: (path: string) => void;
}

/**
 * Copies a file, or a folder with all that is in it. A link that is named is followed; links inside are copied as
 * links. Modes are kept. What is there already is overwritten, folders are merged. One file at a time; each needs a
 * few round trips.
 */
export async function copyTree(job: CopyJob, source: string, target: string, named = true): Promise<void> {
  job.signal.throwIfAborted();
  const { from, to } = job;
  const facts = await from.stat(source, named);
  if (facts === undefined) throw new Error(`${from.show(source)}: this file or folder does not exist`);
  switch (facts.kind) {
    case 'file':
      return copyFile(job, source, target, facts, named);
    case 'folder':
      return copyFolder(job, source, target, facts, named);
    case 'link':
      await to.makeLink(await from.readLink(source), target);
      job.count.files += 1;
      return;
    case 'other':
      if (named) throw new Error(`${from.show(source)} is neither a file nor a folder`);
      job.skipped(from.show(source));
  }
}

async function copyFolder(job: CopyJob, source: string, target: string, facts: FileFacts, named: boolean) {
  const { from, to } = job;
  const there = await to.stat(target, named);
  if (there === undefined) await to.makeFolder(target);
  else if (there.kind !== 'folder') throw new Error(`${to.show(target)} exists and is not a folder`);
  for (const name of await from.list(source)) {
    if (!isSafeName(name, process.platform === 'win32')) {
      throw new Error(`${from.show(source)} has an entry ${JSON.stringify(name)}, which is not a valid file name here`);
    }
    await copyTree(job, from.join(source, name), to.join(target, name), false);
  }
  // Last, for a folder may be closed to its own owner. One that was there keeps its mode.
  if (there === undefined && facts.mode !== undefined) await to.setMode(target, facts.mode);
}

async function copyFile(job: CopyJob, source: string, target: string, facts: FileFacts, named: boolean) {
  const reader = await job.from.openToRead(source);
  try {
    const writer = await job.to.openToWrite(target, facts.mode, named);
    let done = false;
    try {
      job.count.bytes += await transfer(reader.read, writer.write, facts.size);
      done = true;
    } finally {
      // After a failure, that failure is what counts.
      if (!done) await writer.close(undefined).catch(() => undefined);
    }
    await writer.close(facts.mode);
    job.count.files += 1;
  } finally {
    await reader.close().catch(() => undefined);
  }
}
