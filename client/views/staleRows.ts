import * as vscode from 'vscode';

/** Of the resources of rows that castra.toml declared before it got errors. */
export const STALE_SCHEME = 'castra-stale';

/** A row has no colour of its own; that of its resource is drawn. */
export function dimStaleRows(): vscode.Disposable {
  const color = new vscode.ThemeColor('disabledForeground');
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration: ({ scheme }) => (scheme === STALE_SCHEME ? { color } : undefined),
  });
}
