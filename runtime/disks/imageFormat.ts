import { type FileHandle, open } from 'node:fs/promises';
import { refuseOthers, starts } from './notADisk.ts';
import { Qcow2Error } from './qcow2.ts';

/** qemu-img's names: `vpc` is what Azure and Hyper-V call VHD. */
export type ImageFormat = 'qcow2' | 'raw' | 'vpc' | 'vmdk' | 'vdi';

/** Enough for every header, for the descriptor within a VMDK, and for file systems, of which Btrfs begins last. */
const HEAD_BYTES = 66 * 1024;
const QCOW2 = 'QFI\xfb';
const VDI = '\x7f\x10\xda\xbe';
const SECTOR = 512;
const VHD_FOOTER_BYTES = 512;
const VHD_DIFFERENCING = 4;

/**
 * Tells the format of a file by what is in it, and refuses what would make qemu-img open another file: the author of
 * the image would choose which one, and its content would end up in the guest (CVE-2024-4467 was one such way).
 * Fails with Qcow2Error.
 */
export async function detectFormat(path: string): Promise<ImageFormat> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = await readAt(file, 0, Math.min(HEAD_BYTES, size));
    if (head.length === 0) throw new Qcow2Error('it is empty');
    if (starts(head, QCOW2)) return checkQcow2(head);
    if (starts(head, 'KDMV')) return checkVmdk(head);
    if (starts(head.subarray(64), VDI)) return checkVdi(head);
    if (/^# Disk DescriptorFile/i.test(head.toString('latin1', 0, 64).trimStart()))
      throw new Qcow2Error('it is a VMDK descriptor, and the disk itself is in another file');
    const footer = size < VHD_FOOTER_BYTES ? head : await readAt(file, size - VHD_FOOTER_BYTES, VHD_FOOTER_BYTES);
    if (starts(footer, 'conectix')) return checkVhd(footer);
    refuseOthers(head);
    if (size % SECTOR !== 0) throw new Qcow2Error('it is not a disk image: a disk has whole sectors of 512 bytes');
    return 'raw';
  } finally {
    await file.close();
  }
}

/** docs/interop/qcow2.txt: bytes 8 to 15 are the offset of the backing file's name. External data is qcow2.ts's. */
function checkQcow2(head: Buffer): ImageFormat {
  if (head.length >= 16 && head.readBigUInt64BE(8) !== 0n) throw new Qcow2Error('it needs a backing file');
  return 'qcow2';
}

/** block/vmdk.c: a header without capacity has its extents in other files, and the descriptor may name a parent. */
function checkVmdk(head: Buffer): ImageFormat {
  if (head.length < 512) throw new Qcow2Error('it is truncated within its header');
  if (head.readBigUInt64LE(12) === 0n || /parentFileNameHint/i.test(head.toString('latin1')))
    throw new Qcow2Error('it is a VMDK image that refers to other files');
  return 'vmdk';
}

function checkVhd(footer: Buffer): ImageFormat {
  if (footer.readUInt32BE(60) === VHD_DIFFERENCING) throw new Qcow2Error('it is a VHD image that needs another file');
  return 'vpc';
}

/** block/vdi.c opens dynamic and static images; others stand on a parent. */
function checkVdi(head: Buffer): ImageFormat {
  const type = head.length < 80 ? 0 : head.readUInt32LE(76);
  if (type !== 1 && type !== 2) throw new Qcow2Error('it is a VDI image that needs another file');
  return 'vdi';
}

export async function isQcow2File(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    return starts(await readAt(file, 0, 4), QCOW2);
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
