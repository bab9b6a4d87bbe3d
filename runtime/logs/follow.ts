import { closeSync, fstatSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { openLog } from './tail.ts';

export interface FileFollower {
  /** What was appended since the last call; empty while the file does not exist. */
  read(): string;
}

const CHUNK_BYTES = 64 * 1024;

/** What cannot be read has nothing to show yet. */
function openIfLog(path: string): number | undefined {
  try {
    return openLog(path);
  } catch {
    return undefined;
  }
}

/**
 * Follows a file from a byte offset on. A file that became shorter is read from its beginning. At most one chunk per
 * call, so that a guest that floods its console costs a bounded amount each time.
 */
export function followFile(path: string, from = 0): FileFollower {
  let offset = from;
  let decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  return {
    read() {
      const file = openIfLog(path);
      if (file === undefined) return '';
      try {
        if (fstatSync(file).size < offset) {
          offset = 0;
          decoder = new StringDecoder('utf8');
        }
        const length = readSync(file, buffer, 0, CHUNK_BYTES, offset);
        offset += length;
        return decoder.write(buffer.subarray(0, length));
      } finally {
        closeSync(file);
      }
    },
  };
}
