import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import type { ImageStep } from '../contract/images.ts';
import { checkDiskSize } from '../disks/diskLimit.ts';
import { detectFormat, type ImageFormat } from '../disks/imageFormat.ts';
import { inspectQcow2, Qcow2Error } from '../disks/qcow2.ts';
import { run as runProgram } from '../process/spawn.ts';
import { downloadFiles, FILE_MODE, IMAGE_MODE, imageFiles } from '../state/layout.ts';
import { sweepDownload } from './download/partials.ts';
import { type ImageRecord, type ImageSource, readImageRecord, writeImageRecord } from './imageRecord.ts';
import { addSource, hashFile, withStore } from './store.ts';
import { detectPacking } from './unpack/packing.ts';
import { noRoom, roomAt } from './unpack/sparse.ts';
import { unpack } from './unpack/unpack.ts';

export interface NewImage {
  readonly home: string;
  readonly qemuImg: string;
  /** Of the lock that the caller holds. */
  readonly key: string;
  /** The bytes as they came; moved away when all goes well. */
  readonly file: string;
  /** For events: the URL, or the path of an imported file. */
  readonly name: string;
  readonly source: Omit<ImageSource, 'format'>;
  /** `[images] max_size`, of the disk as a guest sees it. */
  readonly maxBytes: number;
}

interface Steps {
  readonly report: (step: ImageStep) => void;
  readonly signal: AbortSignal;
}

/** Unpacks, converts, checks and stores what came. Fails with Qcow2Error when it is not a usable image. */
export async function addImage(image: NewImage, steps: Steps): Promise<ImageRecord> {
  const files = downloadFiles(image.home, image.key);
  const sweep = () => {
    for (const path of [files.unpacked, files.converted]) rmSync(path, { force: true });
  };
  // A killed command may have left them.
  sweep();
  try {
    const packing = await detectPacking(image.file);
    const disk = packing === undefined ? image.file : files.unpacked;
    if (packing) {
      steps.report({ type: 'image.unpacking', url: image.name, from: packing });
      await unpack(image.file, packing, disk, { maxBytes: image.maxBytes, signal: steps.signal });
    }
    const format = await detectFormat(disk);
    await checkDiskSize(disk, format, image.maxBytes);
    const ready = format === 'qcow2' ? disk : files.converted;
    if (format !== 'qcow2') {
      steps.report({ type: 'image.converting', url: image.name, from: format });
      await convert(image.qemuImg, format, disk, ready, steps.signal);
    }
    await inspectQcow2(ready);
    const sha256 = ready === image.file ? image.source.sha256 : (await hashFile(ready, steps.signal)).sha256;
    const source = { ...image.source, format: packing === undefined ? format : `${format}.${packing}` };
    const record = await withStore(image.home, steps.signal, () => place(image.home, ready, sha256, source));
    sweepDownload(image.home, image.key);
    return record;
  } finally {
    sweep();
  }
}

/** The format is said and never guessed: a raw disk may begin like another format's file. */
async function convert(qemuImg: string, from: ImageFormat, disk: string, target: string, signal: AbortSignal) {
  await checkRoom(qemuImg, from, disk, target, signal);
  const result = await runProgram(qemuImg, ['convert', '-f', from, '-O', 'qcow2', disk, target], { signal });
  if (result.code === 0) return chmodSync(target, FILE_MODE);
  const detail = result.stderr.trim() || `qemu-img ended with ${result.code ?? result.signal}`;
  throw new Qcow2Error(`it cannot be converted from ${from}: ${detail}`);
}

/** By what qemu-img expects to write: an image of compressed data grows when it is converted. */
async function checkRoom(qemuImg: string, from: ImageFormat, disk: string, target: string, signal: AbortSignal) {
  const result = await runProgram(qemuImg, ['measure', '--output=json', '-f', from, '-O', 'qcow2', disk], { signal });
  // What cannot be measured cannot be converted, which says why.
  if (result.code !== 0) return;
  const { required } = JSON.parse(result.stdout) as { readonly required?: unknown };
  const { freeBytes } = await roomAt(target, Number.POSITIVE_INFINITY);
  if (typeof required === 'number' && required > freeBytes) throw noRoom();
}

/**
 * The record comes first and the name last, each in one step: after a crash there is a record without an image, which
 * counts for nothing, and never an image without a record.
 */
function place(home: string, ready: string, sha256: string, source: ImageSource): ImageRecord {
  const path = imageFiles(home).image(sha256);
  const known = existsSync(path) ? readImageRecord(home, sha256) : undefined;
  chmodSync(ready, IMAGE_MODE);
  const { size, mtimeMs } = statSync(ready);
  const now = new Date().toISOString();
  const record: ImageRecord = {
    format: 1,
    sha256,
    bytes: size,
    mtimeMs,
    sources: addSource(known?.sources ?? [], source),
    fetchedAt: known?.fetchedAt ?? now,
    lastUsedAt: now,
  };
  writeImageRecord(home, record);
  renameSync(ready, path);
  return record;
}
