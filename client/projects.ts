import * as vscode from 'vscode';
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
  const known = new Set<string>();
  const tell = (found: readonly string[], lost: readonly string[], changed: readonly string[] = []) => {
    if (found.length + lost.length + changed.length === 0) return;
    void vscode.commands.executeCommand('setContext', contexts.projectCount, known.size);
    emitter.fire({ found, lost, changed });
  };
  const look = async () => {
    const files = await vscode.workspace.findFiles(PATTERN, EXCLUDED);
    const now = new Set(files.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath));
    const found = [...now].filter((path) => !known.has(path));
    const lost = [...known].filter((path) => !now.has(path));
    for (const path of found) known.add(path);
    for (const path of lost) known.delete(path);
    void vscode.commands.executeCommand('setContext', contexts.projectCount, known.size);
    tell(found, lost);
  };
  const watcher = vscode.workspace.createFileSystemWatcher('**/castra.toml');
  const subscriptions = [
    emitter,
    watcher,
    watcher.onDidCreate(() => void look()),
    watcher.onDidDelete(() => void look()),
    watcher.onDidChange(({ fsPath }) => tell([], [], known.has(fsPath) ? [fsPath] : [])),
    vscode.workspace.onDidChangeWorkspaceFolders(() => void look()),
  ];
  void look();
  return {
    get paths() {
      return [...known].sort();
    },
    onDidChange: emitter.event,
    dispose: () => vscode.Disposable.from(...subscriptions).dispose(),
  };
}
