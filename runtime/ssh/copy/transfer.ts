/**
 * What an SFTP server takes in one packet: OpenSSH 256 KiB with what is around the data. For others ssh2 makes several
 * packets of it (draft-ietf-secsh-filexfer-02, 3: at least 32768 bytes of data).
 */
const PIECE = 254 * 1024;
/** Pieces on their way at a time, which hides the latency of an emulated network; 4 MiB of memory for any file. */
const AT_ONCE = 16;

/** Bytes read; 0 at the end of the file. */
export type ReadAt = (buffer: Buffer, length: number, position: number) => Promise<number>;
export type WriteAt = (buffer: Buffer, length: number, position: number) => Promise<void>;

export interface Transfer {
  readonly read: ReadAt;
  readonly write: WriteAt;
  /** Of the file, a moment ago. */
  readonly size: number;
}

/**
 * Copies a file. It may grow meanwhile, or be one of those in /proc that have no size: after the known part, more is
 * read until the end. Resolves with the number of bytes.
 */
export async function transfer({ read, write, size }: Transfer): Promise<number> {
  let next = 0;
  const work = async () => {
    const buffer = Buffer.allocUnsafe(PIECE);
    while (next < size) {
      const start = next;
      const end = Math.min(start + PIECE, size);
      next = end;
      for (let at = start; at < end; ) {
        const count = await read(buffer, end - at, at);
        if (count === 0) throw new Error('it shrank during the copy');
        await write(buffer, count, at);
        at += count;
      }
    }
  };
  const stop = (error: unknown): never => {
    next = size;
    throw error;
  };
  const workers = Array.from({ length: Math.min(AT_ONCE, Math.ceil(size / PIECE)) }, () => work().catch(stop));
  // All must have ended before the caller may close the files.
  for (const result of await Promise.allSettled(workers)) if (result.status === 'rejected') throw result.reason;
  return copyRest(read, write, size);
}

async function copyRest(read: ReadAt, write: WriteAt, from: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(PIECE);
  for (let at = from; ; ) {
    const count = await read(buffer, PIECE, at);
    if (count === 0) return at;
    await write(buffer, count, at);
    at += count;
  }
}
