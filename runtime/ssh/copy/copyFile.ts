import type { FileFacts, FileKind, WriteTarget } from './fileSide.ts';
import type { CopyJob } from './job.ts';
import { transfer } from './transfer.ts';

/** Files up to here fit into one packet of any server, with a byte more; they are read and written as a whole. */
export const SMALL_BYTES = 32 * 1024 - 1;

export interface FileCopy {
  readonly source: string;
  readonly facts: FileFacts;
  readonly target: WriteTarget;
  /** Nothing can be at the target: its folder was made by this copy. */
  readonly fresh: boolean;
}

/** Fails, and says so, where the target is something that would wait for a reader or is a disk. */
export async function copyFile(job: CopyJob, copy: FileCopy): Promise<void> {
  const { source, facts, target, fresh } = copy;
  job.signal.throwIfAborted();
  if (!fresh && (await refuseOddTarget(job, target)) === 'device') return copyLarge({ ...job, makeRoom }, copy);
  const bytes = facts.size <= SMALL_BYTES ? await job.from.readWhole(source, facts.size) : undefined;
  if (bytes === undefined) return copyLarge(job, copy);
  await job.makeRoom(bytes.length);
  await job.to.writeWhole(target, bytes);
  job.count.bytes += bytes.length;
  job.count.files += 1;
}

/** Of /dev/null: what it is given takes no room. */
const makeRoom = async (): Promise<void> => undefined;

async function refuseOddTarget({ to }: CopyJob, { path, follow }: WriteTarget): Promise<FileKind | undefined> {
  const there = await to.stat(path, true);
  if (there === undefined || there.kind === 'file' || (there.kind === 'device' && follow)) return there?.kind;
  const what = there.kind === 'folder' ? 'is a folder' : 'is neither a file nor a folder';
  throw new Error(`${to.show(path)} exists and ${what}`);
}

async function copyLarge(job: CopyJob, { source, facts, target }: FileCopy): Promise<void> {
  const { signal, count } = job;
  const reader = await job.from.openToRead(source);
  try {
    const writer = await job.to.openToWrite(target);
    let done = false;
    try {
      await transfer({
        read: reader.read,
        write: async (buffer, length, position) => {
          signal.throwIfAborted();
          await job.makeRoom(length);
          await writer.write(buffer, length, position);
          count.bytes += length;
        },
        size: facts.size,
      });
      done = true;
    } finally {
      // After a failure, that failure is what counts.
      if (!done) await writer.close(undefined).catch(() => undefined);
    }
    await writer.close(target.mode);
    count.files += 1;
  } finally {
    await reader.close().catch(() => undefined);
  }
}
