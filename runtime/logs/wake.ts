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
 * Announces changes in a folder, promptly where the system reports them and slowly where it does not: every
 * `unwatchedPollMs` while the folder is not there.
 */
export function watchFolder(folder: string, unwatchedPollMs = UNWATCHED_POLL_MS): FolderAlarm {
  let watcher: FSWatcher | undefined;
  let hasRung = false;
  let wake: () => void = () => undefined;
  const stop = () => {
    watcher?.close();
    watcher = undefined;
  };
  const ring = () => {
    hasRung = true;
    wake();
  };
  const start = () => {
    try {
      // An error is that the folder went, or that the user has no watches left.
      watcher = watch(folder, { persistent: false }, ring).on('error', stop);
    } catch {
      watcher = undefined;
    }
  };
  return {
    async next(signal) {
      if (watcher === undefined) start();
      await new Promise<void>((done) => {
        // One listener at a time: AbortSignal.any would leave one behind for every wait.
        const timer = setTimeout(() => wake(), watcher ? POLL_MS : unwatchedPollMs);
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
    close: stop,
  };
}
