import type { RowState } from '../fleet/rowState.ts';
import type { Verb } from '../fleet/state.ts';

/**
 * Every command of the extension: what package.json contributes (`npm run docs` writes it), what needs trust, and what
 * is run. Plain data, for the build reads it too.
 */
export interface CommandRow {
  readonly title: string;
  /** Name of a ThemeIcon. */
  readonly icon?: string;
  readonly offered: Offer;
  /** It starts processes as castra.toml says. Menus hide it without trust, and a keybinding is refused. */
  readonly needsTrust: boolean;
  /** Where it is found beside the palette. */
  readonly places?: readonly Place[];
}

/** When the palette and the title of the view have it. */
export type Offer = 'always' | 'withProject' | 'withoutQemu';

/** `group` is as in package.json: `inline@1` is a button of the row, `navigation@1` one of the title. */
export type Place =
  | { readonly in: 'view' | 'editor'; readonly group: string }
  | { readonly in: 'project' | 'port' | 'port.open' | 'log'; readonly group: string }
  /** Without `states`, the rows of all VMs. */
  | { readonly in: 'vm'; readonly group: string; readonly states?: readonly RowState[] };

/** A command that runs one verb of the command line for VMs in some states. */
export interface ChangeRow extends CommandRow {
  readonly runs: Change;
}

export interface Change {
  readonly verb: Verb;
  /** Those of the rows, or picked; or all of a project. */
  readonly vms: 'chosen' | 'all';
  readonly states: readonly RowState[];
  readonly flags?: readonly string[];
}

export const STARTABLE: readonly RowState[] = ['stopped', 'failed', 'unknown'];
export const STOPPABLE: readonly RowState[] = ['running', 'degraded', 'paused', 'orphan', 'starting', 'stopping'];
export const RUNNING: readonly RowState[] = ['running', 'degraded', 'orphan', 'starting'];
/** What is started again must be declared. */
export const RESTARTABLE: readonly RowState[] = ['running', 'degraded', 'starting'];
const LEFT: readonly RowState[] = ['leftover'];
export const ANY: readonly RowState[] = [...STARTABLE, ...STOPPABLE, ...LEFT];
/** What is starting is cancelled, what is stopping is left to it: Force Stop is for both. */
const SETTLED: readonly RowState[] = ['running', 'degraded', 'paused', 'orphan'];

/** The guest stands still, or may: a disk of the host was full. */
const STANDING: readonly RowState[] = ['paused', 'degraded'];

const CHANGES = { offered: 'withProject', needsTrust: true } as const;
const SHOWS = { offered: 'withProject', needsTrust: false } as const;

export const changes = {
  up: {
    ...CHANGES,
    title: 'Up',
    icon: 'play',
    runs: { verb: 'up', vms: 'chosen', states: STARTABLE },
    places: [
      { in: 'vm', group: 'inline@1', states: STARTABLE },
      { in: 'vm', group: '1_change@1', states: STARTABLE },
    ],
  },
  upAll: {
    ...CHANGES,
    title: 'Up All',
    icon: 'run-all',
    runs: { verb: 'up', vms: 'all', states: STARTABLE },
    places: [
      { in: 'view', group: 'navigation@1' },
      { in: 'project', group: 'inline@1' },
      { in: 'editor', group: 'navigation' },
    ],
  },
  down: {
    ...CHANGES,
    title: 'Down',
    icon: 'debug-stop',
    runs: { verb: 'down', vms: 'chosen', states: STOPPABLE },
    places: [
      { in: 'vm', group: 'inline@1', states: SETTLED },
      { in: 'vm', group: '1_change@1', states: SETTLED },
    ],
  },
  downAll: {
    ...CHANGES,
    title: 'Down All',
    icon: 'stop-circle',
    runs: { verb: 'down', vms: 'all', states: STOPPABLE },
    places: [
      { in: 'view', group: 'navigation@2' },
      { in: 'project', group: 'inline@2' },
    ],
  },
  remove: {
    ...CHANGES,
    title: 'Remove…',
    icon: 'trash',
    runs: { verb: 'down', vms: 'chosen', states: LEFT },
    places: [
      { in: 'vm', group: 'inline@1', states: LEFT },
      { in: 'vm', group: '9_force@2', states: LEFT },
    ],
  },
  resume: {
    ...CHANGES,
    title: 'Resume',
    icon: 'debug-continue',
    runs: { verb: 'resume', vms: 'chosen', states: STANDING },
    places: [
      { in: 'vm', group: 'inline@0', states: ['paused'] },
      { in: 'vm', group: '1_change@0', states: STANDING },
    ],
  },
  forceStop: {
    ...CHANGES,
    title: 'Force Stop',
    // SIGTERM at once, without asking the guest.
    runs: { verb: 'down', vms: 'chosen', states: STOPPABLE, flags: ['--graceful-wait-secs', '0'] },
    places: [{ in: 'vm', group: '9_force@1', states: STOPPABLE }],
  },
} satisfies Readonly<Record<string, ChangeRow>>;

/** Commands that have a handler of their own (change.ts, open.ts, show.ts). */
export const others = {
  restart: {
    ...CHANGES,
    title: 'Restart',
    icon: 'debug-restart',
    places: [{ in: 'vm', group: '1_change@2', states: RESTARTABLE }],
  },
  cancel: {
    ...CHANGES,
    title: 'Cancel',
    icon: 'circle-slash',
    places: [
      { in: 'vm', group: 'inline@1', states: ['starting'] },
      { in: 'vm', group: '1_change@1', states: ['starting', 'stopping'] },
    ],
  },
  clean: {
    ...CHANGES,
    title: 'Clean…',
    icon: 'trash',
    places: [
      { in: 'view', group: '2_tools@1' },
      { in: 'project', group: '9_force@1' },
    ],
  },
  openShell: {
    ...CHANGES,
    title: 'Open Shell',
    icon: 'terminal',
    places: [{ in: 'vm', group: '2_open@1', states: RUNNING }],
  },
  openSerial: {
    ...CHANGES,
    title: 'Open Serial Console',
    icon: 'vm-connect',
    places: [{ in: 'vm', group: '2_open@2', states: RUNNING }],
  },
  openRemote: {
    ...CHANGES,
    title: 'Open in Remote-SSH',
    icon: 'remote',
    places: [{ in: 'vm', group: '2_open@3', states: RUNNING }],
  },
  exportDisk: {
    ...CHANGES,
    title: 'Export Disk…',
    icon: 'export',
    places: [{ in: 'vm', group: '9_force@0', states: [...STOPPABLE, ...LEFT, 'failed'] }],
  },
  copySshCommand: {
    ...SHOWS,
    title: 'Copy SSH Command',
    icon: 'copy',
    places: [{ in: 'vm', group: '2_open@4', states: RUNNING }],
  },
  openPort: {
    ...SHOWS,
    title: 'Open Port',
    icon: 'link-external',
    places: [{ in: 'port.open', group: 'inline@1' }],
  },
  copyAddress: {
    ...SHOWS,
    title: 'Copy Address',
    icon: 'copy',
    places: [
      { in: 'port', group: 'inline@2' },
      { in: 'port', group: '1_copy@1' },
    ],
  },
  copyLogPath: {
    ...SHOWS,
    title: 'Copy Path',
    icon: 'copy',
    places: [
      { in: 'log', group: 'inline@1' },
      { in: 'log', group: '1_copy@1' },
    ],
  },
  openConfig: {
    ...SHOWS,
    title: 'Open castra.toml',
    icon: 'go-to-file',
    places: [
      { in: 'view', group: '1_file@1' },
      { in: 'vm', group: '4_file@1' },
      { in: 'project', group: '4_file@1' },
    ],
  },
  showSerialLog: {
    ...SHOWS,
    title: 'Show Serial Log',
    icon: 'output',
    places: [{ in: 'vm', group: '3_logs@1' }],
  },
  showQemuLog: {
    ...SHOWS,
    title: 'Show QEMU Log',
    places: [{ in: 'vm', group: '3_logs@2' }],
  },
  refresh: {
    title: 'Refresh',
    icon: 'refresh',
    // A project that came while VS Code did not look is found by it.
    offered: 'always',
    needsTrust: false,
    places: [{ in: 'view', group: 'navigation@3' }],
  },
  doctor: {
    title: 'Doctor',
    icon: 'pulse',
    offered: 'always',
    needsTrust: true,
    places: [{ in: 'view', group: '2_tools@2' }],
  },
  showLog: {
    title: 'Show Castra Log',
    offered: 'always',
    needsTrust: false,
    places: [{ in: 'view', group: '3_logs@1' }],
  },
  init: { title: 'Create castra.toml', icon: 'new-file', offered: 'always', needsTrust: false },
  restartServer: { title: 'Restart Language Server', offered: 'always', needsTrust: false },
  installCommand: { title: 'Install castra Command…', offered: 'always', needsTrust: true },
  copyInstallCommand: {
    title: 'Copy the Command That Installs QEMU',
    offered: 'withoutQemu',
    needsTrust: false,
  },
} satisfies Readonly<Record<string, CommandRow>>;

export type OtherName = keyof typeof others;
export type CommandName = keyof typeof changes | OtherName;

export const commandTable: Readonly<Record<CommandName, CommandRow>> = { ...changes, ...others };
