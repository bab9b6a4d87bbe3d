import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import type { ImageStep } from '../contract/images.ts';
import { checkDiskSize } from '../disks/diskLimit.ts';
import { detectFormat, type ImageFormat } from '../disks/imageFormat.ts';
import { inspectQcow2, Qcow2Error } from '../disks/qcow2.ts';
import { run as runProgram } from '../process/spawn.ts';
import { number, object } from '../state/decode.ts';
import { downloadFiles, FILE_MODE, IMAGE_MODE, imageFiles } from '../state/layout.ts';
import { sweepDownload } from './download/partials.ts';
import { type ImageRecord, type ImageSource, readImageRecord, writeImageRecord } from './imageRecord.ts';
import { addSource, hashFile, withStore } from './store.ts';
import { detectPacking } from './unpack/packing.ts';
import { noRoom, roomAt } from './unpack/sparse.ts';
import { extractDisk, isTar } from './unpack/tar.ts';
import { unpack } from './unpack/unpack.ts';

export interface NewImage {
  readonly home: string;
  readonly qemuImg: string;
  /** Of the lock that the caller holds. */
  readonly key: string;
  /** The bytes as they came; moved away when all goes well, unless it is borrowed. */
  readonly file: string;
  /** For events: the URL, or the path of an imported file. */
  readonly name: string;
  /** Absent for a file of the user's, which is known by its path (localImage.ts). */
  readonly source?: Omit<ImageSource, 'format'>;
  /** It is the user's: it is read, and never moved. */
  readonly isBorrowed?: true;
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
    for (const path of [files.unpacked, files.extracted, files.converted]) rmSync(path, { force: true });
  };
  // A killed command may have left them.
  sweep();
  try {
    const { disk, packing } = await unpackDisk(image, steps);
    const format = await detectFormat(disk);
    await checkDiskSize(disk, format, image.maxBytes);
    const ready = format === 'qcow2' ? disk : files.converted;
    if (format !== 'qcow2') {
      steps.report({ type: 'image.converting', url: image.name, from: format });
      await convert({ qemuImg: image.qemuImg, from: format, disk, target: ready }, steps.signal);
    }
    await inspectQcow2(ready);
    if (image.isBorrowed && ready === image.file) throw new Qcow2Error('it was changed while Castra read it');
    const known = ready === image.file ? image.source?.sha256 : undefined;
    const sha256 = known ?? (await hashFile(ready, steps.signal)).sha256;
    const source = image.source && { ...image.source, format: `${format}${packing}` };
    const record = await withStore(image.home, steps.signal, () => place(image.home, ready, sha256, source));
    sweepDownload(image.home, image.key);
    return record;
  } finally {
    sweep();
  }
}

/** The disk as it is in its packings, and their names as in `.tar.gz`. */
async function unpackDisk(image: NewImage, { report, signal }: Steps): Promise<{ disk: string; packing: string }> {
  const { file, name, maxBytes } = image;
  const files = downloadFiles(image.home, image.key);
  const outer = await detectPacking(file);
  if (outer) {
    report({ type: 'image.unpacking', url: name, from: outer });
    await unpack(file, outer, files.unpacked, { maxBytes, signal });
  }
  const inner = outer ? files.unpacked : file;
  const suffix = outer ? `.${outer}` : '';
  if (!(await isTar(inner))) return { disk: inner, packing: suffix };
  report({ type: 'image.unpacking', url: name, from: 'tar' });
  await extractDisk(inner, files.extracted, { maxBytes, signal });
  rmSync(files.unpacked, { force: true });
  return { disk: files.extracted, packing: `.tar${suffix}` };
}

interface Conversion {
  readonly qemuImg: string;
  /** It is said and never guessed: a raw disk may begin like another format's file. */
  readonly from: ImageFormat;
  readonly disk: string;
  readonly target: string;
}

async function convert(conversion: Conversion, signal: AbortSignal) {
  await checkRoom(conversion, signal);
  const { qemuImg, from, disk, target } = conversion;
  const result = await runProgram(qemuImg, ['convert', '-f', from, '-O', 'qcow2', disk, target], { signal });
  if (result.code === 0) return chmodSync(target, FILE_MODE);
  const detail = result.stderr.trim() || `qemu-img ended with ${result.code ?? result.signal}`;
  throw new Qcow2Error(`it cannot be converted from ${from}: ${detail}`);
}

/** By what qemu-img expects to write: an image of compressed data grows when it is converted. */
async function checkRoom({ qemuImg, from, disk, target }: Conversion, signal: AbortSignal) {
  const result = await runProgram(qemuImg, ['measure', '--output=json', '-f', from, '-O', 'qcow2', disk], { signal });
  // What cannot be measured cannot be converted, which says why.
  if (result.code !== 0) return;
  const measured: unknown = JSON.parse(result.stdout);
  const { freeBytes } = await roomAt(target, Number.POSITIVE_INFINITY);
  if (isMeasured(measured) && measured.required > freeBytes) throw noRoom();
}

const isMeasured = object<{ readonly required: number }>({ required: number });

/**
 * The record comes first and the name last, each in one step: after a crash there is a record without an image, which
 * counts for nothing, and never an image without a record.
 */
function place(home: string, ready: string, sha256: string, source: ImageSource | undefined): ImageRecord {
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
    sources: source ? addSource(known?.sources ?? [], source) : (known?.sources ?? []),
    fetchedAt: known?.fetchedAt ?? now,
    lastUsedAt: now,
  };
  writeImageRecord(home, record);
  renameSync(ready, path);
  return record;
}
