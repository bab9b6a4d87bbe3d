import * as vscode from 'vscode';
import { findPaths } from './foundPaths.ts';
import { contexts } from './ids.ts';

/** The castra.toml files of the workspace. */
export interface Projects extends vscode.Disposable {
  readonly paths: readonly string[];
  readonly onDidChange: vscode.Event<ProjectsChange>;
}

export interface ProjectsChange {
  readonly found: readonly string[];
  readonly lost: readonly string[];
  /** Files whose text changed on disk. */
  readonly changed: readonly string[];
}

/** In the folders themselves and one below: a project stands at the top of what it is about. */
const PATTERN = '{castra.toml,*/castra.toml}';
const EXCLUDED = '**/{node_modules,.git,.cache}/**';

/** Searches once, then follows file events; a virtual workspace has no VMs. */
export function watchProjects(): Projects {
  const emitter = new vscode.EventEmitter<ProjectsChange>();
  const files = findPaths(findConfigs, (found, lost) => {
    void vscode.commands.executeCommand('setContext', contexts.projectCount, files.paths.length);
    if (found.length + lost.length > 0) emitter.fire({ found, lost, changed: [] });
  });
  const look = () => void files.look();
  const watcher = vscode.workspace.createFileSystemWatcher('**/castra.toml');
  const subscriptions = [
    emitter,
    watcher,
    watcher.onDidCreate(look),
    watcher.onDidDelete(look),
    watcher.onDidChange(({ fsPath }) => {
      if (files.has(fsPath)) emitter.fire({ found: [], lost: [], changed: [fsPath] });
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(look),
  ];
  look();
  return {
    get paths() {
      return files.paths;
    },
    onDidChange: emitter.event,
    dispose: () => vscode.Disposable.from(...subscriptions).dispose(),
  };
}

async function findConfigs(): Promise<string[]> {
  const uris = await vscode.workspace.findFiles(PATTERN, EXCLUDED);
  return uris.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath);
}
