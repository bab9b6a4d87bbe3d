/** As vscode.Event and vscode.Disposable, for what is tested without VS Code. */
interface Ends {
  dispose(): void;
}
type Subscribe = (listener: () => void) => Ends;

/**
 * Acts on the first of many events soon, and on the others together, at most once per interval. When it is disposed of,
 * the subscription and an act that was still to come are gone.
 */
export function paced(subscribe: Subscribe, intervalMs: number, act: () => void): Ends {
  let waiting: NodeJS.Timeout | undefined;
  let actedAt = Number.NEGATIVE_INFINITY;
  const events = subscribe(() => {
    waiting ??= setTimeout(
      () => {
        waiting = undefined;
        actedAt = performance.now();
        act();
      },
      Math.max(0, actedAt + intervalMs - performance.now()),
    );
  });
  return {
    dispose() {
      clearTimeout(waiting);
      events.dispose();
    },
  };
}
