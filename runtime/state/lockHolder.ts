import { identify, isSameProcess } from '../process/identity.ts';
import { type Guard, number, object, text } from './decode.ts';
import { readJsonIfAny, writeFileAtomic } from './files.ts';
import { removeOwnFile } from './ownFile.ts';

interface Holder {
  readonly pid: number;
  readonly startToken: string;
}

/**
 * Notes beside a lock that this process has it, with what others want to know. Only they go by the note, so a full disk
 * must not keep the holder from working: then there is none.
 */
export function announceHolder(path: string, about: object): void {
  const startToken = identify(process.pid)?.startToken ?? '';
  try {
    writeFileAtomic(path, JSON.stringify({ ...about, pid: process.pid, startToken } satisfies Holder));
  } catch {
    removeOwnFile(path);
  }
}

/** The note of the process that has a lock now; undefined when none has, whatever a killed one left there. */
export function readHolder<About>(path: string, isAbout: Guard<About>): (About & Holder) | undefined {
  const value = readJsonIfAny(path);
  return isHolder(value) && isAbout(value) && isSameProcess(value) ? value : undefined;
}

const isHolder = object<Holder>({ pid: number, startToken: text });
