import { Qcow2Error } from './qcow2.ts';
import { isTarHeader } from './tarHeader.ts';

interface Kind {
  readonly magic: string;
  readonly at: number;
  readonly name: string;
  readonly advice?: string;
}

const CONVERT = 'Convert it with `qemu-img convert -O qcow2 IN OUT`.';
const UNPACK = 'Unpack it, and use the disk that is in it.';
const WHOLE_DISK = 'Castra needs a whole disk that a machine can start from, with a boot loader.';

/** What would pass for a raw disk, and make a guest that does not boot. */
const OTHERS: readonly Kind[] = [
  { magic: 'vhdxfile', at: 0, name: 'a VHDX image, which Castra does not support', advice: CONVERT },
  { magic: 'QED\0', at: 0, name: 'a QED image, which Castra does not support', advice: CONVERT },
  { magic: 'COWD', at: 0, name: 'a VMDK image of an old version', advice: CONVERT },
  { magic: 'LUKS\xba\xbe', at: 0, name: 'encrypted, and Castra has no key for it' },
  { magic: 'PK\x03\x04', at: 0, name: 'a ZIP archive', advice: UNPACK },
  { magic: '7z\xbc\xaf', at: 0, name: 'a 7-Zip archive', advice: UNPACK },
  { magic: 'Rar!', at: 0, name: 'a RAR archive', advice: UNPACK },
  { magic: 'BZh', at: 0, name: 'packed with bzip2', advice: UNPACK },
  { magic: '\x7fELF', at: 0, name: 'a program or a kernel, not a disk', advice: WHOLE_DISK },
  {
    magic: 'version https://git-lfs.github.com/spec/',
    at: 0,
    name: 'a Git LFS pointer, not the file itself',
    advice: 'Run `git lfs pull` in its repository.',
  },
];

/** Where firmware finds no boot sector in front of them, nothing starts from these. */
const UNBOOTABLE: readonly Kind[] = [
  {
    magic: 'CD001',
    at: 32_769,
    name: 'an ISO image without a boot sector: only a CD drive could start it',
    advice: 'Use a disk image of that system; most publishers call it a cloud image.',
  },
  ...(
    [
      ['\x53\xef', 1080, 'an ext file system'],
      ['XFSB', 0, 'an XFS file system'],
      ['_BHRfS_M', 65_600, 'a Btrfs file system'],
      ['\x10\x20\xf5\xf2', 1024, 'an F2FS file system'],
      ['hsqs', 0, 'a SquashFS file system'],
      ['\xe2\xe1\xf5\xe0', 1024, 'an EROFS file system'],
      ['LABELONE', 512, 'an LVM volume'],
      ['SWAPSPACE2', 4086, 'swap space'],
    ] as const
  ).map(([magic, at, name]) => ({ magic, at, name: `${name}, not a whole disk`, advice: WHOLE_DISK })),
];

/** Fails with Qcow2Error, which says what the file is, unless it may be a raw disk. */
export function refuseOthers(head: Buffer): void {
  const hasBootSector = head[510] === 0x55 && head[511] === 0xaa;
  const kinds = hasBootSector ? OTHERS : [...OTHERS, ...UNBOOTABLE];
  const other = kinds.find(({ magic, at }) => starts(head.subarray(at), magic));
  if (other) throw new Qcow2Error(`it is ${other.name}`, other.advice === undefined ? {} : { advice: other.advice });
  if (isTarHeader(head)) throw new Qcow2Error('it is a tar archive', { advice: UNPACK });
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(head.toString('latin1', 0, 256))) {
    throw new Qcow2Error('it is a web page, not a disk image', {
      advice: 'Open the page in a browser and look for the address of the image itself.',
    });
  }
}

export const starts = (bytes: Buffer, magic: string): boolean =>
  bytes.subarray(0, magic.length).equals(Buffer.from(magic, 'latin1'));
