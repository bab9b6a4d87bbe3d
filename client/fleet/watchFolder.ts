import { existsSync, type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface FolderWatch {
  close(): void;
}

/**
 * Tells when something in a folder changes. It may not be there yet, and it may go and come again: until it is there,
 * its nearest ancestor is watched. When the system has no more watches, no event comes.
 */
export function watchFolder(folder: string, changed: () => void): FolderWatch {
  let watcher: FSWatcher | undefined;
  const close = () => {
    watcher?.close();
    watcher = undefined;
  };
  const start = () => {
    close();
    const place = nearest(folder);
    watcher = tryToWatch(place, (name) => {
      if (place === folder) {
        changed();
        // inotify(7), IN_DELETE_SELF: what is watched is the folder that went, even when there is a new one.
        if (name === basename(folder) || !existsSync(folder)) start();
      } else if (nearest(folder) !== place) {
        start();
        changed();
      }
    });
    watcher?.on('error', close);
    // It may have come before it was watched for.
    if (watcher && nearest(folder) !== place) start();
  };
  start();
  return { close };
}

function nearest(folder: string): string {
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}

function tryToWatch(folder: string, changed: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, (_type, name) => changed(name));
  } catch {
    return undefined;
  }
}
