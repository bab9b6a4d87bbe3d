import type { Digest } from '../contract/vocabulary.ts';

/** Where publishers put the checksums of a file, the surest first. Only the first two are about one file alone. */
export function checksumUrls(url: string): string[] {
  const image = new URL(url);
  image.search = '';
  image.hash = '';
  const beside = (suffix: string) => Object.assign(new URL(image), { pathname: `${image.pathname}${suffix}` }).href;
  return [beside('.sha256'), beside('.sha512'), new URL('SHA512SUMS', image).href, new URL('SHA256SUMS', image).href];
}

/**
 * The digest of one file in the text of a checksum file: GNU's `hex  name`, BSD's `SHA256 (name) = hex`, or a bare
 * hexadecimal number. `alone`: the file has the checksum of this one file only, whatever that was called when it was
 * made.
 */
export function findChecksum(text: string, fileName: string, alone: boolean): Digest | undefined {
  const entries = text.split(/\r?\n/).flatMap((line) => parseLine(line.trim()) ?? []);
  const named = entries.find((entry) => entry.name !== undefined && baseName(entry.name) === fileName);
  const only = alone && entries.length === 1 ? entries[0] : undefined;
  return (named ?? only)?.digest;
}

interface Entry {
  readonly name?: string;
  readonly digest: Digest;
}

function parseLine(line: string): Entry | undefined {
  const bsd = /^SHA(?:256|512) \((.+)\) = ([0-9a-f]+)$/i.exec(line);
  const gnu = /^\\?([0-9a-f]{64,128})(?:\s+\*?(.+))?$/i.exec(line);
  const [name, hex] = bsd ? [bsd[1], bsd[2]] : [gnu?.[2], gnu?.[1]];
  const digest = hex === undefined ? undefined : digestOf(hex);
  return digest && { digest, ...(name === undefined ? {} : { name }) };
}

/** The length determines the algorithm; undefined for any other one. */
export function digestOf(hex: string): Digest | undefined {
  if (!/^[0-9a-f]+$/i.test(hex)) return undefined;
  if (hex.length === 64) return { algorithm: 'sha256', hex: hex.toLowerCase() };
  return hex.length === 128 ? { algorithm: 'sha512', hex: hex.toLowerCase() } : undefined;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
