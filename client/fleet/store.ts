import * as vscode from 'vscode';
import { CastraError, messageOf } from '../../runtime/contract/failures.ts';
import { silent } from '../../runtime/contract/reporter.ts';
import { homeFiles } from '../../runtime/state/layout.ts';
import { hostSettings } from '../host.ts';
import type { Projects } from '../projects.ts';
import { orderLooks } from './looks.ts';
import { emptyFleet, type Fleet, type FleetAction, reduce } from './reduce.ts';
import { watchStateRoots } from './stateRootWatches.ts';
import { type ProjectView, view } from './view.ts';
import { watchFolder } from './watchFolder.ts';

/** Several files change at each step of a start; one look is enough. */
const SETTLE_MS = 150;
/** For changes without a file event: uptimes, a guest that became ready after `up`. Only while the view is visible. */
const TICK_MS = 60_000;

/** What is known of all VMs of the workspace, kept up to date by events, whichever program changed something. */
export interface FleetStore extends vscode.Disposable {
  readonly projects: readonly ProjectView[];
  readonly onDidChange: vscode.Event<void>;
  dispatch(action: FleetAction): void;
  /** Looks now; resolves once the answer is in. */
  refresh(project?: string): Promise<void>;
  /** Whether the tree is visible. */
  setVisible(visible: boolean): void;
}

export function openFleet(projects: Projects, log: vscode.LogOutputChannel): FleetStore {
  let fleet: Fleet = emptyFleet;
  const emitter = new vscode.EventEmitter<void>();
  const looks = orderLooks();
  const pending = new Map<string, NodeJS.Timeout>();
  let tick: NodeJS.Timeout | undefined;

  const dispatch = (action: FleetAction) => {
    fleet = reduce(fleet, action);
    emitter.fire();
  };
  const look = async (project: string): Promise<void> => {
    const isNewest = looks.begin(project);
    try {
      // Reads and checks castra.toml, which is most of Castra's code: a window that opens does not wait for it.
      const { status } = await import('../../runtime/operations/status.ts');
      const options = { config: { kind: 'file', path: project } as const, settings: hostSettings() };
      const { value } = await status(options, { report: silent, signal: new AbortController().signal });
      if (!projects.paths.includes(project) || !isNewest()) return;
      dispatch({ type: 'snapshot', project, outcome: value });
      stateRoots.follow(project, value.stateRoot);
    } catch (error) {
      log.debug(`${project}: ${messageOf(error)}`);
      const problem = error instanceof CastraError ? error.message : messageOf(error);
      if (projects.paths.includes(project) && isNewest()) dispatch({ type: 'unreadable', project, problem });
    }
  };
  const settle = (project: string) => {
    clearTimeout(pending.get(project));
    const timer = setTimeout(() => {
      pending.delete(project);
      void look(project);
    }, SETTLE_MS);
    pending.set(project, timer);
  };
  const stateRoots = watchStateRoots(settle);
  const leave = (project: string) => {
    clearTimeout(pending.get(project));
    pending.delete(project);
    looks.forget(project);
    stateRoots.leave(project);
    dispatch({ type: 'lost', project });
  };
  const all = () => Promise.all(projects.paths.map(look)).then(() => undefined);
  // The first `castra up` of a project in a terminal makes its state root, and a file here.
  const known = watchFolder(homeFiles(hostSettings().home).known, () => projects.paths.forEach(settle));

  const subscriptions = [
    emitter,
    projects.onDidChange(({ found, lost, changed }) => {
      lost.forEach(leave);
      for (const project of found) dispatch({ type: 'found', project });
      for (const project of [...found, ...changed]) settle(project);
    }),
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) projects.paths.forEach(settle);
    }),
  ];
  return {
    get projects() {
      return view(fleet);
    },
    onDidChange: emitter.event,
    dispatch,
    refresh: (project) => (project === undefined ? all() : look(project)),
    setVisible(visible) {
      clearInterval(tick);
      tick = visible ? setInterval(() => void all(), TICK_MS) : undefined;
      if (visible) void all();
    },
    dispose() {
      clearInterval(tick);
      for (const timer of pending.values()) clearTimeout(timer);
      stateRoots.close();
      known.close();
      vscode.Disposable.from(...subscriptions).dispose();
    },
  };
}
