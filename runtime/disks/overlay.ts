import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CastraError, messageOf } from '../contract/failures.ts';
import { run } from '../process/spawn.ts';
import { makeFolders } from '../state/files.ts';
import { FILE_MODE } from '../state/layout.ts';
import { inspectQcow2 } from './qcow2.ts';

export interface OverlayRequest {
  readonly vm: string;
  readonly qemuImg: string;
  readonly overlayPath: string;
  /** Absolute: QEMU resolves a relative backing path against the overlay's folder. */
  readonly baseImage: string;
  /** Of the disk as the guest sees it; else the base image's. */
  readonly sizeMiB?: number;
  readonly signal: AbortSignal;
  /** Called with the new file's identity before it gets its name. */
  readonly onMade?: (fileId: string) => void;
}

/** Makes a new overlay in one step: there is none or a whole one, and an older one is replaced only by a whole one. */
export async function createOverlay(request: OverlayRequest): Promise<void> {
  const { vm, qemuImg, overlayPath, baseImage, sizeMiB, signal, onMade } = request;
  const temporary = `${overlayPath}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    if (sizeMiB !== undefined) await refuseShrinking(baseImage, sizeMiB);
    makeFolders(dirname(overlayPath));
    // In image names, qemu-img takes "name:" for a protocol; an absolute path never has one.
    const args = ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', baseImage, temporary];
    if (sizeMiB !== undefined) args.push(`${sizeMiB}M`);
    const result = await run(qemuImg, args, { signal });
    if (result.code !== 0) throw new Error(result.stderr.trim() || `qemu-img ended with code ${result.code}`);
    chmodSync(temporary, FILE_MODE);
    onMade?.(fileId(temporary) ?? '');
    renameSync(temporary, overlayPath);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (signal.aborted) throw new CastraError({ kind: 'cancelled' }, { cause: error });
    const detail = `the overlay ${overlayPath} could not be created: ${messageOf(error)}`;
    throw new CastraError({ kind: 'overlay-failed', vm, detail }, { cause: error });
  }
}

/** qemu-img would cut the disk off without a word, and the guest's file system with it. */
async function refuseShrinking(baseImage: string, sizeMiB: number): Promise<void> {
  const baseMiB = (await inspectQcow2(baseImage)).virtualBytes / (1024 * 1024);
  if (sizeMiB >= baseMiB) return;
  throw new Error(
    `\`overlay_size\` is ${sizeMiB} MiB, less than the ${Math.ceil(baseMiB)} MiB of its base image; a disk can only grow`,
  );
}

/** Stays with a file when it is renamed or written to; undefined when there is none. Inode numbers alone are reused. */
export function fileId(path: string): string | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.ino}:${stat.birthtimeNs}`;
}

/** Removes what killed commands left half-made beside an overlay. Only for the holder of the project lock. */
export function sweepHalfMade(overlayPath: string): void {
  const folder = dirname(overlayPath);
  const stem = `${basename(overlayPath)}.`;
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(stem) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(stem.length))) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

/** What became of an overlay that is no longer wanted. */
export type Discard =
  | { readonly kind: 'none' }
  | { readonly kind: 'discarded'; readonly reclaimedBytes: number }
  | { readonly kind: 'in-use'; readonly detail: string };

/**
 * Deletes an overlay unless some process holds QEMU's lock on it: asked of the file, not of our own records. The
 * reclaimed bytes are what it took on disk, not its apparent size.
 */
export async function discardOverlay(qemuImg: string, overlayPath: string): Promise<Discard> {
  if (!existsSync(overlayPath)) return { kind: 'none' };
  const holder = await findLockHolder(qemuImg, overlayPath);
  if (holder !== undefined) return { kind: 'in-use', detail: holder };
  const reclaimedBytes = overlayBytes(overlayPath) ?? 0;
  rmSync(overlayPath, { force: true });
  return { kind: 'discarded', reclaimedBytes };
}

/** Bytes an overlay takes on disk; undefined when there is none. */
export function overlayBytes(overlayPath: string): number | undefined {
  try {
    const { blocks } = lstatSync(overlayPath);
    return blocks * 512;
  } catch {
    return undefined;
  }
}

/**
 * Why a disk must be left alone; undefined when it is free. `qemu-img info` without -U asks for the lock (QEMU's
 * docs/system/images, "Disk image file locking"). Only its success means free: a qemu-img that is killed, or a disk
 * that it cannot open, proves nothing. The format is said: qemu-img would take a damaged disk for a raw one, and a
 * damaged header may be that of a disk that its owner wants to save.
 */
export async function findLockHolder(qemuImg: string, overlayPath: string): Promise<string | undefined> {
  const result = await run(qemuImg, ['info', '-f', 'qcow2', '--output=json', overlayPath]);
  if (result.code === 0) return undefined;
  const said = result.stderr.trim() || `qemu-img ended with ${result.signal ?? `code ${result.code}`}`;
  // As block/file-posix.c says it. A path that has these words does not count.
  const isLocked = /Failed to get (?:shared )?"[a-z ]+" lock/.test(said.replaceAll(overlayPath, ''));
  return isLocked
    ? said
    : `qemu-img cannot say whether it is in use (${said}). Delete it yourself if you do not need it`;
}
