import { type FileHandle, open } from 'node:fs/promises';
import type { ImageFormat } from './imageFormat.ts';
import { Qcow2Error } from './qcow2.ts';

const GIB = 1024 ** 3;
const SECTOR = 512n;
const VHD_FOOTER_BYTES = 512;

/** A disk that is larger than `[images] max_size` allows. */
export class ImageTooLarge extends Qcow2Error {
  /** `bytes`: undefined when only the beginning is known. */
  constructor(bytes: number | undefined, maxBytes: number) {
    const size = bytes === undefined ? 'larger than' : `${inGib(bytes)}, more than`;
    super(`its disk is ${size} the ${inGib(maxBytes)} that \`max_size\` in \`[images]\` allows`, {
      advice: 'Set `max_size` to a larger size if the image is what you expect.',
    });
  }
}

const inGib = (bytes: number): string => `${Number((bytes / GIB).toFixed(2))} GiB`;

/** Refuses a disk by the size that its header names, before anything is made of it. Fails with Qcow2Error. */
export async function checkDiskSize(path: string, format: ImageFormat, maxBytes: number): Promise<void> {
  const file = await open(path, 'r');
  try {
    const bytes = await virtualBytes(file, format);
    if (bytes > maxBytes) throw new ImageTooLarge(bytes, maxBytes);
  } finally {
    await file.close();
  }
}

/** Of the disk as a guest sees it; where QEMU's block/qcow2.h, vmdk.c, vpc.c and vdi.c have it. */
async function virtualBytes(file: FileHandle, format: ImageFormat): Promise<number> {
  const { size } = await file.stat();
  switch (format) {
    case 'raw':
      return size;
    case 'qcow2':
      return Number((await field(file, 24)).readBigUInt64BE());
    case 'vmdk':
      return Number((await field(file, 12)).readBigUInt64LE() * SECTOR);
    case 'vpc':
      return Number((await field(file, size - VHD_FOOTER_BYTES + 48)).readBigUInt64BE());
    case 'vdi':
      return Number((await field(file, 368)).readBigUInt64LE());
  }
}

async function field(file: FileHandle, position: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, position);
  if (bytesRead < 8) throw new Qcow2Error('it is truncated within its header');
  return buffer;
}
