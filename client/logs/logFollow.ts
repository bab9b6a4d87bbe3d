import { closeSync, fstatSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatBytes } from '../../runtime/contract/bytes.ts';
import { messageOf } from '../../runtime/contract/failures.ts';
import { openLog, type Segment } from '../../runtime/logs/tail.ts';
import { LogTracker } from '../../runtime/logs/track.ts';
import { watchFolder } from '../../runtime/logs/wake.ts';
import { pause } from '../../runtime/process/pause.ts';
import { plainLine } from './logText.ts';

/** A few thousand lines: what a user who opens a log of a running VM scrolls through. */
export const TAIL_BYTES = 256 * 1024;
/** Between two appends: each redraws the panel, and a console is written byte by byte. */
const JOIN_MS = 50;
/** For a folder that is not there yet: the next `up` creates it, and its first line is not urgent. */
const MISSING_POLL_MS = 1000;

/**
 * Hands out the end of a log, then what is added to it, as text in whole lines; through truncation, rotation and coming
 * back. Resolves when `signal` aborts, and only then. Idle, it looks at one file per second.
 */
export async function followLog(path: string, write: (text: string) => void, signal: AbortSignal): Promise<void> {
  const log = openFollowed(path);
  const alarm = watchFolder(dirname(path), MISSING_POLL_MS);
  try {
    while (!signal.aborted) {
      const { text, more } = log.read();
      if (text !== '') {
        write(text);
        await pause(JOIN_MS, signal);
      }
      if (!more) await alarm.next(signal);
    }
  } finally {
    alarm.close();
    log.close();
  }
}

interface Followed {
  /** What is new, within bounds; `more` when there may be more at once. */
  read(): { readonly text: string; readonly more: boolean };
  close(): void;
}

function openFollowed(path: string): Followed {
  let tracker: LogTracker | undefined;
  /** Each state of a log without lines is reported once. */
  let told = '';
  const tell = (text: string) => {
    const isNew = text !== told;
    told = text;
    return { text: isNew ? `${text}\n` : '', more: false };
  };
  const close = () => {
    tracker?.close();
    tracker = undefined;
  };
  return {
    close,
    read() {
      const lines: string[] = [];
      try {
        if (tracker === undefined) {
          const end = openEnd(path, TAIL_BYTES);
          if (end === undefined) return tell(`(not there yet: ${path})`);
          if (end.from > 0) lines.push(`… ${formatBytes(end.from)} earlier: ${path}`);
          tracker = new LogTracker(path, end);
        }
        const more = tracker.read((line) => lines.push(plainLine(line)));
        return { text: lines.map((line) => `${line}\n`).join(''), more };
      } catch (error) {
        close();
        return tell(`(cannot be read: ${messageOf(error)})`);
      }
    },
  };
}

/** The last bytes of a log from the beginning of a line on; undefined when there is no file. */
function openEnd(path: string, bytes: number): Segment | undefined {
  const file = openLog(path);
  if (file === undefined) return undefined;
  try {
    const { size } = fstatSync(file);
    return { path, file, size, from: size <= bytes ? 0 : lineStart(file, size - bytes) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

const NEWLINE = 10;
const BLOCK_BYTES = 64 * 1024;

/** Where the first line begins that starts after `offset`; `offset` itself within a line that long. */
function lineStart(file: number, offset: number): number {
  const block = Buffer.alloc(BLOCK_BYTES);
  const length = readSync(file, block, 0, block.length, offset - 1);
  const newline = block.subarray(0, length).indexOf(NEWLINE);
  return newline < 0 ? offset : offset + newline;
}
