import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type EmitLine, LineSplitter, MAX_LINE_BYTES } from './lines.ts';
import { rotatedLogs } from './rotated.ts';
import { skipOlder } from './since.ts';

const NEWLINE = 10;
const BLOCK_BYTES = 64 * 1024;
const BLOCKS_PER_REST = 16;

/** A part of an open log file, to its end. The caller closes it. */
export interface Segment {
  readonly path: string;
  readonly file: number;
  readonly from: number;
  readonly size: number;
}

export interface TailRequest {
  /** Infinity for all. */
  readonly lines: number;
  /** Milliseconds since 1970: leaves out what is provably older. */
  readonly since?: number;
  /** Its launches have headers with their times (since.ts): true for the QEMU log alone, for a guest could fake them. */
  readonly headers?: boolean;
}

export interface Tail {
  /** Of rotated files, oldest first. */
  readonly older: readonly Segment[];
  /** Of the file itself, unless there is none. */
  readonly current?: Segment;
  /** How many lines these are, at the most; 0 for "all". */
  readonly lines: number;
}

/** Opens what holds the last lines of a log, reaching back into rotated files. Throws when the log cannot be read. */
export function openTail(path: string, request: TailRequest): Tail {
  const segments: Segment[] = [];
  const seen = new Set<string>();
  let wanted = request.lines;
  let current: Segment | undefined;
  try {
    for (const candidate of [path, ...rotatedLogs(path)]) {
      if (wanted <= 0 && candidate !== path) break;
      const found = openSegment(candidate, { ...request, lines: wanted }, seen);
      if (found === undefined) continue;
      wanted -= found.lines;
      if (candidate === path) current = found.segment;
      else segments.push(found.segment);
    }
  } catch (error) {
    for (const { file } of current ? [current, ...segments] : segments) closeSync(file);
    throw error;
  }
  return { older: segments.reverse(), ...(current ? { current } : {}), lines: request.lines - wanted || 0 };
}

/** `seen`: while we look, a rotation may give a file that we have its next name. */
function openSegment(
  path: string,
  { lines, since, headers = false }: TailRequest,
  seen: Set<string>,
): { segment: Segment; lines: number } | undefined {
  const file = openLog(path);
  if (file === undefined) return undefined;
  try {
    const { dev, ino, size, mtimeMs } = fstatSync(file);
    const identity = `${dev}:${ino}`;
    if (seen.has(identity)) {
      closeSync(file);
      return undefined;
    }
    seen.add(identity);
    const tail = findTail(file, size, lines);
    const old = since === undefined ? 0 : mtimeMs < since ? size : headers ? skipOlder(file, size, since) : 0;
    return { segment: { path, file, from: Math.max(tail.from, old), size }, lines: tail.lines };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * Undefined when there is none. O_NONBLOCK, so that nothing that only looks like a log makes us wait; O_NOFOLLOW, since
 * a log of ours is never a link.
 */
export function openLog(path: string): number | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    if (error instanceof Error && 'code' in error && error.code === 'ELOOP') {
      throw new Error(`${path} is a symbolic link, which Castra never makes`, { cause: error });
    }
    throw error;
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new Error(`${path} is not a file`);
}

/** Lines are looked for in so much of the end; what has fewer there is not a log, and may be gigabytes of it. */
const TAIL_LIMIT = 512 * 1024 * 1024;

/** Where the last lines of a file begin, looking from its end, and how many these are. */
export function findTail(file: number, size: number, wanted: number): { from: number; lines: number } {
  if (wanted <= 0) return { from: size, lines: 0 };
  if (wanted === Number.POSITIVE_INFINITY) return { from: 0, lines: 0 };
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  let lines = 0;
  const first = Math.max(0, size - TAIL_LIMIT);
  for (let end = size; end > first; ) {
    const start = Math.max(first, end - BLOCK_BYTES);
    const length = readSync(file, buffer, 0, end - start, start);
    const block = buffer.subarray(0, length);
    for (let at = block.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(NEWLINE, at - 1)) {
      // The newline that ends the last line has no line behind it.
      if (start + at === size - 1) continue;
      lines++;
      if (lines === wanted) return { from: start + at + 1, lines };
    }
    end = start;
  }
  return { from: first, lines: size === 0 ? 0 : lines + 1 };
}

/**
 * Reads a segment to its end as lines; none continues in the next file. Ends early when `signal` aborts. `rest` is
 * awaited about once for each megabyte: others get their turn, and the lines are taken away.
 */
export async function readSegment(
  { file, from, size }: Segment,
  emit: EmitLine,
  signal: AbortSignal,
  rest: () => Promise<void>,
): Promise<void> {
  const splitter = new LineSplitter();
  const buffer = Buffer.allocUnsafe(MAX_LINE_BYTES);
  let blocks = 0;
  for (let at = from; at < size && !signal.aborted; ) {
    const length = readSync(file, buffer, 0, Math.min(buffer.length, size - at), at);
    if (length === 0) break;
    splitter.push(buffer.subarray(0, length), emit);
    at += length;
    if (++blocks % BLOCKS_PER_REST === 0) await rest();
  }
  splitter.flush(emit);
}
