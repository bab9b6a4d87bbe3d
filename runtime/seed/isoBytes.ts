/** Bytes of a logical sector (ECMA-119 6.1.2) and of a logical block, which is made as large here. */
export const SECTOR = 2048;

export const sectorsFor = (bytes: number): number => Math.ceil(bytes / SECTOR);

/** A file or folder on the image. */
export interface Extent {
  readonly sector: number;
  readonly bytes: number;
}

/** A number of 32 bits in both byte orders, low end first (7.3.3). */
export function writeBoth32(target: Buffer, offset: number, value: number): void {
  target.writeUInt32LE(value, offset);
  target.writeUInt32BE(value, offset + 4);
}

/** A number of 16 bits in both byte orders, low end first (7.2.3). */
export function writeBoth16(target: Buffer, offset: number, value: number): void {
  target.writeUInt16LE(value, offset);
  target.writeUInt16BE(value, offset + 2);
}

/** UCS-2 with the high byte first, which is what Joliet writes text in. */
export function ucs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}
