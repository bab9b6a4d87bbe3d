/** What runs until it is disposed of, such as a language client with its subscriptions. */
export interface Session {
  dispose(): Promise<void>;
}

export interface OneSession {
  /** Nothing happens while one runs or is about to. */
  start(): void;
  /** Ends the one that runs, if any, then starts another. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * At most one session at a time. One that failed to start counts as none, so that the next start tries again; one that
 * fails to end is reported and given up, because its server may have crashed.
 */
export function oneSession(open: () => Promise<Session>, report: (error: unknown) => void): OneSession {
  let current: Promise<Session | undefined> | undefined;
  /** Restarts follow each other, or two would run when both had waited for the same one to end. */
  let ending: Promise<void> = Promise.resolve();

  const start = () => {
    if (current) return;
    const opened = ending.then(open).catch((error: unknown) => {
      report(error);
      if (current === opened) current = undefined;
      return undefined;
    });
    current = opened;
  };
  const stop = () => {
    const before = current;
    current = undefined;
    ending = Promise.all([ending, before])
      .then(([, session]) => session?.dispose())
      .catch(report);
    return ending;
  };
  return {
    start,
    stop,
    async restart() {
      await stop();
      start();
    },
  };
}
