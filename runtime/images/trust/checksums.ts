import type { Digest } from '../../contract/vocabulary.ts';

/**
 * The digest of one file in the text of a checksum file: GNU's `hex  name`, BSD's `SHA256 (name) = hex`, OpenSSL's
 * `SHA2-256(name)= hex`, or a bare hexadecimal number. The text may be signed (PGP). `alone`: the file has the checksum
 * of this one file only, whatever that was called when it was made.
 */
export function findChecksum(text: string, fileNames: readonly string[], alone: boolean): Digest | undefined {
  const entries = readEntries(text);
  const named = entries.find(({ name }) => name !== undefined && fileNames.includes(baseName(name)));
  const only = alone && entries.length === 1 ? entries[0] : undefined;
  return (named ?? only)?.digest;
}

interface Entry {
  readonly name?: string;
  readonly digest: Digest;
}

function readEntries(text: string): Entry[] {
  const entries: Entry[] = [];
  // Gentoo and Flatcar name the algorithm above its lines, and BLAKE2B has as many digits as SHA-512.
  let algorithm: string | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '-----BEGIN PGP SIGNATURE-----') break;
    algorithm = /^#\s*(\S+)\s+HASH$/i.exec(line)?.[1]?.toLowerCase() ?? algorithm;
    const entry = parseLine(line);
    if (entry && (algorithm === undefined || algorithm === entry.digest.algorithm)) entries.push(entry);
  }
  return entries;
}

function parseLine(line: string): Entry | undefined {
  const bsd = /^SHA(?:2-)?(256|512) ?\((.+)\) ?= ?([0-9a-f]+)$/i.exec(line);
  const gnu = /^\\?([0-9a-f]{64,128})(?:\s+\*?(.+))?$/i.exec(line);
  const [name, hex] = bsd ? [bsd[2], bsd[3]] : [gnu?.[2], gnu?.[1]];
  const digest = hex === undefined ? undefined : digestOf(hex);
  if (digest === undefined || (bsd && digest.algorithm !== `sha${bsd[1]}`)) return undefined;
  return { digest, ...(name === undefined ? {} : { name }) };
}

/** The length determines the algorithm; undefined for any other one. */
export function digestOf(hex: string): Digest | undefined {
  if (!/^[0-9a-f]+$/i.test(hex)) return undefined;
  if (hex.length === 64) return { algorithm: 'sha256', hex: hex.toLowerCase() };
  return hex.length === 128 ? { algorithm: 'sha512', hex: hex.toLowerCase() } : undefined;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
