import { readSync } from 'node:fs';
import { MAX_LINE_BYTES } from './lines.ts';

/** What a launch writes into the QEMU log before QEMU does: `# <ISO time> <command line>`. */
const HEADER = /^# (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) /;

function headerTime(line: string): number | undefined {
  const time = HEADER.exec(line)?.[1];
  return time === undefined ? undefined : Date.parse(time);
}

const HASH = 35;
const NEWLINE = 10;

/**
 * Where in an open file stands what may have been written since a time: behind the last header that is older, for
 * headers are in order. Without one nothing in it is proven to be older.
 */
export function skipOlder(file: number, size: number, since: number): number {
  const buffer = Buffer.allocUnsafe(MAX_LINE_BYTES);
  let from = 0;
  for (let at = 0; at < size; ) {
    const length = readSync(file, buffer, 0, Math.min(buffer.length, size - at), at);
    if (length === 0) break;
    const block = buffer.subarray(0, length);
    for (let hash = block.indexOf('# 2'); hash >= 0; hash = block.indexOf('# 2', hash + 1)) {
      const begins = hash === 0 ? at === 0 || endsLine(file, at) : block[hash - 1] === NEWLINE;
      const found = begins ? readLineAt(file, at + hash) : undefined;
      const time = found && headerTime(found.text);
      if (time !== undefined && time >= since) return from;
      if (time !== undefined && found) from = found.end;
    }
    // A header may begin in the last bytes of a block.
    at += length < buffer.length ? length : length - 2;
  }
  return from;
}

function endsLine(file: number, at: number): boolean {
  const byte = Buffer.alloc(1);
  return readSync(file, byte, 0, 1, at - 1) === 1 && byte[0] === NEWLINE;
}

/** A line and where the next one begins; undefined when it has no end within a bounded length. */
function readLineAt(file: number, at: number): { text: string; end: number } | undefined {
  const buffer = Buffer.allocUnsafe(MAX_LINE_BYTES);
  const length = readSync(file, buffer, 0, buffer.length, at);
  const newline = buffer.subarray(0, length).indexOf(NEWLINE);
  if (newline < 0 || buffer[0] !== HASH) return undefined;
  return { text: buffer.toString('utf8', 0, newline), end: at + newline + 1 };
}
