import { type FSWatcher, watch } from 'node:fs';
import { pause } from '../process/pause.ts';

/** Changes on NFS and in a container's mount are not announced, and a folder that does not exist cannot be watched. */
const POLL_MS = 1000;
const UNWATCHED_POLL_MS = 250;
/** A console is written byte by byte: they are read together. */
const GATHER_MS = 30;

export interface FolderAlarm {
  /** Waits until something in the folder changed, but no longer than a poll takes or until `signal` aborts. */
  next(signal: AbortSignal): Promise<void>;
  close(): void;
}

/**
 * Announces changes in folders, promptly where the system reports them and slowly where it does not: every
 * `unwatchedPollMs` while one of them is not there.
 */
export function watchFolder(folder: string | readonly string[], unwatchedPollMs = UNWATCHED_POLL_MS): FolderAlarm {
  const watchers = new Map<string, FSWatcher>();
  const folders = [folder].flat();
  let hasRung = false;
  let wake: () => void = () => undefined;
  const stop = (path: string) => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  const ring = () => {
    hasRung = true;
    wake();
  };
  const start = (path: string) => {
    try {
      // An error is that the folder went, or that the user has no watches left.
      watchers.set(
        path,
        watch(path, { persistent: false }, ring).on('error', () => stop(path)),
      );
    } catch {
      // It is looked at again with the next wait.
    }
  };
  return {
    async next(signal) {
      for (const path of folders) if (!watchers.has(path)) start(path);
      const isWatched = watchers.size === folders.length;
      await new Promise<void>((done) => {
        // One listener at a time: AbortSignal.any would leave one behind for every wait.
        const timer = setTimeout(() => wake(), isWatched ? POLL_MS : unwatchedPollMs);
        wake = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          done();
        };
        signal.addEventListener('abort', wake);
        if (hasRung || signal.aborted) wake();
      });
      if (hasRung) await pause(GATHER_MS, signal);
      hasRung = false;
    },
    close: () => folders.forEach(stop),
  };
}
