import { escapeComma } from './escapeComma.ts';

/**
 * bootindex: SeaBIOS may otherwise try a second disk first; 0 belongs to `-kernel`, which a user may pass. discard and
 * detect-zeroes keep the overlay small.
 */
export function disk(overlayPath: string): string[] {
  const file = `file.driver=file,file.filename=${escapeComma(overlayPath)}`;
  return [
    ...['-blockdev', `driver=qcow2,node-name=disk0,discard=unmap,detect-zeroes=unmap,${file}`],
    ...['-device', 'virtio-blk-pci,drive=disk0,bootindex=1'],
  ];
}

/** After the root disk, which so stays /dev/vda. No CD-ROM drive: an empty or slow one costs guests time. */
export function seedDisk(path?: string): string[] {
  if (path === undefined) return [];
  const file = `file.driver=file,file.filename=${escapeComma(path)}`;
  return [
    ...['-blockdev', `driver=raw,node-name=seed0,read-only=on,${file}`],
    ...['-device', 'virtio-blk-pci,drive=seed0'],
  ];
}
