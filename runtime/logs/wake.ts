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

/** Announces changes in a folder, promptly where the system tells of them and slowly where it does not. */
export function watchFolder(folder: string): FolderAlarm {
  let rung = new AbortController();
  let watcher: FSWatcher | undefined;
  const stop = () => {
    watcher?.close();
    watcher = undefined;
  };
  const start = () => {
    try {
      watcher = watch(folder, { persistent: false }, () => rung.abort());
      // Such as when the folder goes, or the user has no watches left.
      watcher.on('error', stop);
    } catch {
      watcher = undefined;
    }
  };
  return {
    async next(signal) {
      if (watcher === undefined) start();
      await pause(watcher ? POLL_MS : UNWATCHED_POLL_MS, AbortSignal.any([signal, rung.signal]));
      if (rung.signal.aborted) await pause(GATHER_MS, signal);
      rung = new AbortController();
    },
    close: stop,
  };
}
