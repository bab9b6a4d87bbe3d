import { type FolderWatch, watchFolder } from './watchFolder.ts';

/** Watches of state roots, each for all projects that use it. */
export interface StateRootWatches {
  /** The project's state root is `folder` from now on, and no other. */
  follow(project: string, folder: string): void;
  /** The project is gone; a folder that no other project uses is no longer watched. */
  leave(project: string): void;
  close(): void;
}

interface Watched {
  readonly projects: Set<string>;
  readonly watch: FolderWatch;
}

export function watchStateRoots(changed: (project: string) => void): StateRootWatches {
  const watched = new Map<string, Watched>();
  let isClosed = false;
  const leave = (project: string, except?: string) => {
    for (const [folder, { projects, watch }] of watched) {
      if (folder === except || !projects.delete(project) || projects.size > 0) continue;
      watch.close();
      watched.delete(folder);
    }
  };
  return {
    follow(project, folder) {
      // A look that was under way when the window closed: nothing would close its watch.
      if (isClosed) return;
      leave(project, folder);
      const known = watched.get(folder);
      if (known) {
        known.projects.add(project);
        return;
      }
      const projects = new Set([project]);
      watched.set(folder, { projects, watch: watchFolder(folder, () => projects.forEach(changed)) });
    },
    leave,
    close() {
      isClosed = true;
      for (const { watch } of watched.values()) watch.close();
      watched.clear();
    },
  };
}
