import { createHash, type Hash } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FILE_MODE } from '../../state/layout.ts';
import { AttemptFailure, diskFailure } from './downloadError.ts';
import { forgetOrigin } from './partialOrigin.ts';

/** Bytes per write. There are two buffers of this size, and nothing else ever waits in memory. */
const BATCH_BYTES = 512 * 1024;
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
  /** Filled while the other one is being written. Copies, for Node's collector would let the socket's pieces pile up. */
  private batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  private spare = Buffer.allocUnsafeSlow(BATCH_BYTES);
  private batchBytes = 0;
  private written = 0;
  private complete = false;
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

  /** A promise when the caller must wait until the rest of it can be taken. */
  append(chunk: Buffer): Promise<void> | undefined {
    this.hash(chunk);
    const copied = this.fillBatch(chunk);
    return copied === chunk.length ? undefined : this.appendRest(chunk.subarray(copied));
  }

  private async appendRest(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      await this.startWriting();
      at += this.fillBatch(chunk.subarray(at));
    }
  }

  private fillBatch(chunk: Buffer): number {
    const copied = chunk.copy(this.batch, this.batchBytes);
    this.batchBytes += copied;
    return copied;
  }

  private async startWriting(): Promise<void> {
    await this.writing;
    const filled = this.batch.subarray(0, this.batchBytes);
    [this.batch, this.spare] = [this.spare, this.batch];
    this.batchBytes = 0;
    this.writing = this.write(filled);
    // The next caller that awaits it gets the error; until then it is unhandled.
    this.writing.catch(() => undefined);
  }

  /** A full disk may take part of a write before it refuses the rest. */
  private async write(bytes: Buffer): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.handle.write(bytes, at, bytes.length - at, this.written);
        this.written += bytesWritten;
        at += bytesWritten;
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
      this.complete = true;
    } catch (error) {
      throw diskFailure(this.path, error);
    }
  }

  /** Keeps a file that is whole, or has bytes in it for the next time. What cannot be written any more is not missed. */
  async close(): Promise<void> {
    await this.flush().catch(() => undefined);
    await this.handle.close();
    if (this.written > 0 || this.complete) return;
    rmSync(this.path, { force: true });
    forgetOrigin(this.path);
  }
}

/** Too short or too long for what was promised. */
export function sizeFailure(actual: number | string, expected: number): AttemptFailure {
  return new AttemptFailure('size', `the server has ${actual} bytes instead of the expected ${expected}`, 'never');
}
