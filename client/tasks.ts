import type * as vscode from 'vscode';
import type { Host } from './host.ts';
import type { Projects } from './projects.ts';

/** Tasks of type `castra`. */
export function provideTasks(_host: Host, _projects: Projects): vscode.Disposable {
  return { dispose: () => undefined };
}
