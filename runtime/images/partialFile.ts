import { createHash, type Hash } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FILE_MODE } from '../state/layout.ts';
import { AttemptFailure, diskFailure } from './downloadError.ts';
import { forgetOrigin } from './origin.ts';

/** Bytes per write: fewer system calls than the 64 KiB of a socket, and two of these are all that ever waits in memory. */
const BATCH_BYTES = 256 * 1024;
/** A link at the path of a partial file is not ours; Windows has no such flag. */
const FLAGS = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

export interface Digests {
  readonly sha256: string;
  readonly sha512?: string;
}

/** The file that a download is collected in. Its hashes always cover exactly what was appended. */
export class PartialFile {
  readonly path: string;
  /** Bytes in the file, with those that are still being written. */
  size = 0;
  /** The most bytes that were ever in it. */
  reached = 0;
  /** URLs that the bytes are from; `earlier` for those of an earlier process. */
  readonly sources = new Set<string>();
  private readonly handle: FileHandle;
  private readonly algorithms: readonly string[];
  private hashes: Hash[];
  private batch: Buffer[] = [];
  private batchBytes = 0;
  private written = 0;
  private writing: Promise<void> = Promise.resolve();

  /** Hashes what is there already, a piece at a time. Fails with AttemptFailure of kind `disk`. */
  static async open(path: string, withSha512: boolean, signal: AbortSignal): Promise<PartialFile> {
    const handle = await open(path, FLAGS, FILE_MODE).catch((error: unknown) => {
      throw diskFailure(path, error);
    });
    const file = new PartialFile(path, handle, withSha512 ? ['sha256', 'sha512'] : ['sha256']);
    try {
      await file.readExisting(signal);
      return file;
    } catch (error) {
      await handle.close();
      throw signal.aborted ? error : diskFailure(path, error);
    }
  }

  private constructor(path: string, handle: FileHandle, algorithms: readonly string[]) {
    this.path = path;
    this.handle = handle;
    this.algorithms = algorithms;
    this.hashes = algorithms.map((algorithm) => createHash(algorithm));
  }

  private async readExisting(signal: AbortSignal): Promise<void> {
    const stat = await this.handle.stat();
    if (!stat.isFile()) throw new Error('it is not a file');
    if ((stat.mode & 0o077) !== 0 && process.platform !== 'win32') await this.handle.chmod(FILE_MODE);
    const buffer = stat.size === 0 ? Buffer.alloc(0) : Buffer.allocUnsafe(BATCH_BYTES);
    while (this.size < stat.size) {
      signal.throwIfAborted();
      const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.size);
      if (bytesRead === 0) break;
      this.hash(buffer.subarray(0, bytesRead));
    }
    this.written = this.size;
    if (this.size > 0) this.sources.add('earlier');
  }

  private hash(bytes: Buffer): void {
    for (const hash of this.hashes) hash.update(bytes);
    this.size += bytes.length;
    this.reached = Math.max(this.reached, this.size);
  }

  /** A promise when the caller must wait until more can be taken. One batch is written while the next one gathers. */
  append(chunk: Buffer): Promise<void> | undefined {
    this.hash(chunk);
    this.batch.push(chunk);
    this.batchBytes += chunk.length;
    return this.batchBytes < BATCH_BYTES ? undefined : this.startWriting();
  }

  private async startWriting(): Promise<void> {
    await this.writing;
    const batch = this.batch;
    this.batch = [];
    this.batchBytes = 0;
    this.writing = this.write(batch);
    // Whoever awaits it next gets the error; until then it is nobody's.
    this.writing.catch(() => undefined);
  }

  /** A full disk may take part of a write before it refuses the rest. */
  private async write(buffers: readonly Buffer[]): Promise<void> {
    let rest = buffers.filter(({ length }) => length > 0);
    try {
      while (rest.length > 0) {
        const { bytesWritten } = await this.handle.writev(rest, this.written);
        this.written += bytesWritten;
        rest = dropBytes(rest, bytesWritten);
      }
    } catch (error) {
      throw diskFailure(this.path, error);
    }
  }

  /** Waits until everything appended is in the file. */
  async flush(): Promise<void> {
    await this.startWriting();
    await this.writing;
  }

  /** Empties the file: its bytes are of no use. */
  async restart(): Promise<void> {
    await this.flush();
    forgetOrigin(this.path);
    try {
      await this.handle.truncate(0);
    } catch (error) {
      throw diskFailure(this.path, error);
    }
    this.hashes = this.algorithms.map((algorithm) => createHash(algorithm));
    this.size = 0;
    this.written = 0;
    this.sources.clear();
  }

  /** Of everything so far. */
  digests(): Digests {
    const [sha256 = '', sha512] = this.hashes.map((hash) => hash.copy().digest('hex'));
    return { sha256, ...(sha512 === undefined ? {} : { sha512 }) };
  }

  /** After this, the file survives a power failure. */
  async sync(): Promise<void> {
    try {
      await this.handle.sync();
    } catch (error) {
      throw diskFailure(this.path, error);
    }
  }

  /** Keeps a file that has bytes in it for the next time. What cannot be written any more is not missed. */
  async close(): Promise<void> {
    await this.flush().catch(() => undefined);
    await this.handle.close();
    if (this.written > 0) return;
    rmSync(this.path, { force: true });
    forgetOrigin(this.path);
  }
}

function dropBytes(buffers: readonly Buffer[], count: number): Buffer[] {
  let toDrop = count;
  return buffers.flatMap((buffer) => {
    const dropped = Math.min(toDrop, buffer.length);
    toDrop -= dropped;
    return dropped === buffer.length ? [] : [buffer.subarray(dropped)];
  });
}

/** Too short or too long for what was promised. */
export function sizeFailure(actual: number | string, expected: number): AttemptFailure {
  return new AttemptFailure('size', `the server has ${actual} bytes where ${expected} are expected`, 'never');
}
