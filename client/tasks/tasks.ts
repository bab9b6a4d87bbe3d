import * as vscode from 'vscode';
import { cliEnvironment, type Host } from '../host.ts';
import { TASK_TYPE } from '../ids.ts';
import type { Projects } from '../projects.ts';
import { type CastraTask, hasFindings, planTasks, readTask, taskArguments } from './taskPlan.ts';

/** As package.json contributes it. */
const PROBLEM_MATCHER = '$castra';
/** A list of tasks may be what activated us: then the projects are still looked for. */
const FIRST_LOOK_MS = 1000;

/** Tasks of type `castra`: those of each project, and what tasks.json has. Listing them starts no program. */
export function provideTasks(host: Host, projects: Projects): vscode.Disposable {
  const first = firstLook(projects);
  const toTask = (definition: CastraTask, name: string, scope: Scope, original: vscode.TaskDefinition) => {
    const execution = toExecution(host, definition, folderOf(scope), projects.paths);
    return new vscode.Task(
      original,
      scope,
      name,
      'castra',
      execution,
      hasFindings(definition) ? [PROBLEM_MATCHER] : [],
    );
  };
  const provider: vscode.TaskProvider = {
    async provideTasks() {
      if (projects.paths.length === 0) await first.ended;
      return (vscode.workspace.workspaceFolders ?? []).flatMap((folder) =>
        planTasks(folder.uri.fsPath, projects.paths).map(({ name, definition }) =>
          toTask(definition, name, folder, definition),
        ),
      );
    },
    async resolveTask({ definition, name, scope }) {
      const read = readTask(definition);
      if (read === undefined) return undefined;
      if (projects.paths.length === 0) await first.ended;
      // VS Code recognises its task by the definition itself, so it must be the same one.
      return toTask(read, name, scope ?? vscode.TaskScope.Workspace, definition);
    },
  };
  return vscode.Disposable.from(vscode.tasks.registerTaskProvider(TASK_TYPE, provider), first);
}

type Scope = vscode.WorkspaceFolder | vscode.TaskScope.Global | vscode.TaskScope.Workspace;

function folderOf(scope: Scope): string | undefined {
  const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.fsPath;
}

/** In the workspace folder, for the problem matcher takes paths from there. No shell: nothing has to be quoted. */
function toExecution(
  { cli }: Host,
  definition: CastraTask,
  folder: string | undefined,
  configs: readonly string[],
): vscode.ProcessExecution {
  const args = taskArguments(definition, folder ?? '', configs);
  const env = { ...cliEnvironment(), ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ASAR: '1' };
  return new vscode.ProcessExecution(process.execPath, [cli, ...args], { env, ...(folder ? { cwd: folder } : {}) });
}

/** Ends when projects were found, and soon in any case. */
function firstLook(projects: Projects): vscode.Disposable & { readonly ended: Promise<void> } {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((done) => {
    end = done;
  });
  const timer = setTimeout(() => end(), FIRST_LOOK_MS);
  const subscription = projects.onDidChange(() => end());
  return {
    ended,
    dispose() {
      clearTimeout(timer);
      subscription.dispose();
      end();
    },
  };
}
