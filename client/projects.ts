import * as vscode from 'vscode';
import { findPaths } from './foundPaths.ts';
import { contexts } from './ids.ts';

/** The castra.toml files of the workspace. */
export interface Projects extends vscode.Disposable {
  readonly paths: readonly string[];
  readonly onDidChange: vscode.Event<ProjectsChange>;
  /** Searches again: VS Code does not tell of every file that went. */
  look(): Promise<void>;
}

export interface ProjectsChange {
  readonly found: readonly string[];
  readonly lost: readonly string[];
  /** Files whose text changed on disk. */
  readonly changed: readonly string[];
}

const PATTERN = '**/castra.toml';
/** A folder with all repositories of a company is not a workspace whose VMs are watched. */
const MAX_PROJECTS = 500;
const EXCLUDED = '**/{node_modules,.git,.cache}/**';

/** Searches once, then follows file events; a virtual workspace has no VMs. */
export function watchProjects(): Projects {
  const emitter = new vscode.EventEmitter<ProjectsChange>();
  const files = findPaths(findConfigs, (found, lost) => {
    void vscode.commands.executeCommand('setContext', contexts.projectCount, files.paths.length);
    if (found.length + lost.length > 0) emitter.fire({ found, lost, changed: [] });
  });
  const search = () =>
    // A window that closes has no search any more.
    files.look().catch(() => undefined);
  const look = () => void search();
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
    vscode.workspace.onDidDeleteFiles(look),
    vscode.workspace.onDidRenameFiles(look),
  ];
  look();
  return {
    get paths() {
      return files.paths;
    },
    onDidChange: emitter.event,
    look: search,
    dispose: () => vscode.Disposable.from(...subscriptions).dispose(),
  };
}

async function findConfigs(): Promise<string[]> {
  const uris = await vscode.workspace.findFiles(PATTERN, EXCLUDED, MAX_PROJECTS);
  return uris.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath);
}
