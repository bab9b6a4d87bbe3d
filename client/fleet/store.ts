import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { CastraError, messageOf } from '../../runtime/contract/failures.ts';
import { silent } from '../../runtime/contract/reporter.ts';
import { homeFiles } from '../../runtime/state/layout.ts';
import { hostSettings } from '../host.ts';
import type { Projects } from '../projects.ts';
import { isAlive } from './alive.ts';
import { orderLooks } from './looks.ts';
import { type FleetAction, reduce } from './reduce.ts';
import { emptyFleet, type Fleet, operationOn, operationsIn, type ProjectState } from './state.ts';
import { watchStateRoots } from './stateRootWatches.ts';
import { type ProjectView, view } from './view.ts';
import { watchFolder } from './watchFolder.ts';

/** Several files change at each step of a start; one look is enough. */
const SETTLE_MS = 150;
/** A QEMU that is killed changes no file: while the view is visible, its process is looked for this often. */
const TICK_MS = 1000;
/** What no file and no process tells, such as uptimes. */
const TICKS_OF_LOOK = 60;

/** What is known of all VMs of the workspace, kept up to date by events, whichever program changed something. */
export interface FleetStore extends vscode.Disposable {
  readonly projects: readonly ProjectView[];
  readonly onDidChange: vscode.Event<void>;
  dispatch(action: FleetAction): void;
  /** Looks now, without a project at all of them and for others; resolves once the answer is in. */
  refresh(project?: string): Promise<void>;
  /** Whether the tree is visible. */
  setVisible(visible: boolean): void;
}

export function openFleet(projects: Projects, log: vscode.LogOutputChannel): FleetStore {
  let fleet: Fleet = emptyFleet;
  const emitter = new vscode.EventEmitter<void>();
  const looks = orderLooks();
  const pending = new Map<string, NodeJS.Timeout>();
  let ticker: NodeJS.Timeout | undefined;

  const dispatch = (action: FleetAction) => {
    fleet = reduce(fleet, action);
    emitter.fire();
  };
  const underWay = new Set<string>();
  const look = async (project: string): Promise<void> => {
    underWay.add(project);
    await lookOnce(project);
    underWay.delete(project);
  };
  const lookOnce = async (project: string): Promise<void> => {
    const isNewest = looks.begin(project);
    const began = performance.now();
    const isWanted = () => projects.paths.includes(project) && isNewest();
    try {
      // Reads and checks castra.toml, which is most of Castra's code: a window that opens does not wait for it.
      const { status } = await import('../../runtime/operations/status.ts');
      const options = { config: { kind: 'file', path: project } as const, settings: hostSettings() };
      const { value } = await status(options, { report: silent, signal: new AbortController().signal });
      if (!isWanted()) return;
      dispatch({ type: 'snapshot', project, outcome: value, began });
      stateRoots.follow(project, value.stateRoot);
    } catch (error) {
      log.debug(`${project}: ${messageOf(error)}`);
      if (!existsSync(project)) return projects.look();
      const problem = error instanceof CastraError ? error.message : messageOf(error);
      if (isWanted()) dispatch({ type: 'unreadable', project, problem });
    }
  };
  const settle = (project: string) => {
    if (pending.has(project)) return;
    const timer = setTimeout(() => {
      pending.delete(project);
      void look(project);
    }, SETTLE_MS);
    pending.set(project, timer);
  };
  const stateRoots = watchStateRoots(settle);
  // VS Code sends no event for a file whose folder was deleted or renamed.
  const folders = watchStateRoots((project) => {
    if (!existsSync(project)) void projects.look();
  });
  const leave = (project: string) => {
    clearTimeout(pending.get(project));
    pending.delete(project);
    looks.forget(project);
    stateRoots.leave(project);
    folders.leave(project);
    dispatch({ type: 'lost', project });
  };
  const all = async () => {
    await projects.look();
    await Promise.all(projects.paths.map(look));
  };
  let ticks = 0;
  const tick = () => {
    ticks += 1;
    if (ticks % TICKS_OF_LOOK === 0) return void all();
    if (projects.paths.some((project) => !existsSync(project))) void projects.look();
    for (const project of fleet.values()) {
      if (!underWay.has(project.id) && (hasEnded(project) || isPassing(project, ticks))) settle(project.id);
    }
  };
  // The first `castra up` of a project in a terminal makes its state root, and a file here.
  const known = watchFolder(homeFiles(hostSettings().home).known, () => projects.paths.forEach(settle));

  const subscriptions = [
    emitter,
    projects.onDidChange(({ found, lost, changed }) => {
      lost.forEach(leave);
      for (const project of found) {
        dispatch({ type: 'found', project });
        folders.follow(project, dirname(project));
      }
      for (const project of changed) dispatch({ type: 'edited', project });
      for (const project of [...found, ...changed]) settle(project);
    }),
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) void all();
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
      clearInterval(ticker);
      ticker = visible ? setInterval(tick, TICK_MS) : undefined;
      if (visible) void all();
    },
    dispose() {
      clearInterval(ticker);
      for (const timer of pending.values()) clearTimeout(timer);
      stateRoots.close();
      folders.close();
      known.close();
      vscode.Disposable.from(...subscriptions).dispose();
    },
  };
}

/**
 * What passes without a file that changes: a start whose command is gone, or a QEMU that stands still or does not
 * answer, perhaps only because it served another reader. The latter may stay so for long, and is asked less often.
 */
function isPassing({ outcome }: ProjectState, ticks: number): boolean {
  const vms = (outcome?.vms ?? []).filter(({ pid }) => pid !== undefined);
  return vms.some(({ name, state }) => {
    if (state === 'running' || state === 'orphaned') return false;
    return state === 'starting' ? operationOn(outcome, name) === undefined : ticks % 2 === 0;
  });
}

/** A process of what the last look saw is gone: a VM was killed, or a command that changed the project. */
function hasEnded({ outcome }: ProjectState): boolean {
  const pids = outcome?.vms.flatMap(({ pid }) => pid ?? []) ?? [];
  return [...pids, ...operationsIn(outcome).map(({ pid }) => pid)].some((pid) => !isAlive(pid));
}
