/** Looks at one project may overlap; what an older one saw must not replace what a newer one has reported. */
export interface Looks {
  /** Starts a look. The returned function is called when its answer is in: false if a newer look has reported before. */
  begin(project: string): () => boolean;
  /** Forgets a project: no look that is still under way counts. */
  forget(project: string): void;
}

export function orderLooks(): Looks {
  const reported = new Map<string, number>();
  const forgotten = new Map<string, number>();
  let started = 0;
  return {
    begin(project) {
      started += 1;
      const own = started;
      return () => {
        if (own < (reported.get(project) ?? 0) || own <= (forgotten.get(project) ?? 0)) return false;
        reported.set(project, own);
        return true;
      };
    },
    forget(project) {
      reported.delete(project);
      forgotten.set(project, started);
    },
  };
}
