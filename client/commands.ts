import * as vscode from 'vscode';
import { type ChosenVm, chooseProject, chooseVms } from './choose.ts';
import type { RowState, Verb } from './fleet.ts';
import type { FleetStore } from './fleetStore.ts';
import type { Host } from './host.ts';
import { type CommandId, commands } from './ids.ts';
import type { LogChannels } from './logs.ts';
import { type Operations, outcomeOf } from './operations.ts';
import { openSerialTerminal } from './serialTerminal.ts';
import type { Node } from './views/vmTree.ts';

export interface CommandParts {
  readonly host: Host;
  readonly fleet: FleetStore;
  readonly operations: Operations;
  readonly logs: LogChannels;
  readonly restartServer: () => Promise<void>;
}

type Handler = (argument: unknown, more: unknown) => unknown;

const STARTABLE: readonly RowState[] = ['stopped', 'failed', 'unknown'];
const STOPPABLE: readonly RowState[] = ['running', 'degraded', 'paused', 'orphan', 'starting', 'stopping'];
const RUNNING: readonly RowState[] = ['running', 'degraded', 'orphan', 'starting'];
const ANY: readonly RowState[] = [...STARTABLE, ...STOPPABLE];

/** Without the guest: SIGTERM at once. */
const AT_ONCE = ['--graceful-wait-secs', '0'];

/** Registers every command; each works on a row, on several, and from the palette. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const table = { ...changing(parts), ...opening(parts), ...showing(parts) } satisfies Partial<
    Record<CommandId, Handler>
  >;
  const guarded = new Set<string>(Object.keys(changing(parts)));
  return vscode.Disposable.from(
    ...Object.entries(table).map(([id, handler]) =>
      vscode.commands.registerCommand(id, (argument, more) => {
        // Menus hide what needs trust; a keybinding does not.
        if (guarded.has(id) && !vscode.workspace.isTrusted) return refuse();
        return handler(argument, more);
      }),
    ),
  );
}

function refuse(): void {
  const text = vscode.l10n.t('Virtual machines can only be started and stopped in a trusted workspace.');
  void vscode.window.showWarningMessage(text, vscode.l10n.t('Manage Trust')).then((chosen) => {
    if (chosen) void vscode.commands.executeCommand('workbench.trust.manage');
  });
}

function changing({ fleet, operations, host }: CommandParts) {
  const change = async (
    verb: Verb,
    states: readonly RowState[],
    flags: readonly string[],
    args: [unknown, unknown],
  ) => {
    const chosen = await chooseVms(fleet, states, ...args, true);
    await changeVms(operations, verb, chosen ?? [], flags);
  };
  const changeAll = async (verb: Verb, states: readonly RowState[], argument: unknown) => {
    const project = await chooseProject(fleet, argument);
    if (!project) return;
    const vms = project.vms.filter(({ state }) => states.includes(state)).map(({ name }) => name);
    if (vms.length > 0) await operations.change(project, verb, vms);
  };
  return {
    [commands.up]: (...args: [unknown, unknown]) => change('up', STARTABLE, [], args),
    [commands.down]: (...args: [unknown, unknown]) => change('down', STOPPABLE, [], args),
    [commands.forceStop]: (...args: [unknown, unknown]) => change('down', STOPPABLE, AT_ONCE, args),
    [commands.upAll]: (argument: unknown) => changeAll('up', STARTABLE, argument),
    [commands.downAll]: (argument: unknown) => changeAll('down', STOPPABLE, argument),
    async [commands.restart](...args: [unknown, unknown]) {
      const chosen = await chooseVms(fleet, RUNNING, ...args, true);
      if (chosen && (await changeVms(operations, 'down', chosen, []))) await changeVms(operations, 'up', chosen, []);
    },
    async [commands.cancel](argument: unknown) {
      const project = await chooseProject(fleet, argument);
      if (!project || operations.cancel(project.id)) return;
      const other = project.operation;
      const text = other
        ? vscode.l10n.t('castra {0} was started elsewhere (pid {1}); cancel it there.', other.command, other.pid)
        : vscode.l10n.t('Nothing is under way.');
      void vscode.window.showInformationMessage(text);
    },
    [commands.clean]: (argument: unknown) => clean({ fleet, operations, host }, argument),
  };
}

/** One command per project; true when all went well. */
async function changeVms(
  operations: Operations,
  verb: Verb,
  chosen: readonly ChosenVm[],
  flags: readonly string[],
): Promise<boolean> {
  const projects = new Map(chosen.map(({ project }) => [project.id, project]));
  const ends = await Promise.all(
    [...projects.values()].map((project) => {
      const vms = chosen.filter((one) => one.project.id === project.id).map(({ vm }) => vm.name);
      return operations.change(project, verb, vms, flags);
    }),
  );
  return ends.every(({ kind }) => kind === 'completed');
}

interface Cleaned {
  readonly reclaimedBytes: number;
  readonly roots: readonly { readonly actions: readonly { readonly result: string; readonly path: string }[] }[];
}

/** Asks with the list of the dry run: what goes is seen before it goes. */
async function clean(
  { fleet, operations, host }: Pick<CommandParts, 'fleet' | 'operations' | 'host'>,
  argument: unknown,
) {
  const project = await chooseProject(fleet, argument);
  if (!project) return;
  const plan = await outcomeOf<Cleaned>(host, operations.ask(project, ['clean', '--dry-run']));
  if (!plan) return;
  const planned = plan.roots.flatMap(({ actions }) => actions.filter(({ result }) => result === 'planned'));
  if (planned.length === 0) return void vscode.window.showInformationMessage(vscode.l10n.t('Nothing to clean.'));
  const question = vscode.l10n.t('Remove {0} files of {1}?', planned.length, project.name);
  const shown = planned.slice(0, 12).map(({ path }) => path);
  if (planned.length > shown.length) shown.push('…');
  const remove = vscode.l10n.t('Remove');
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail: shown.join('\n') }, remove)) !== remove)
    return;
  await outcomeOf(host, operations.ask(project, ['clean']));
  await fleet.refresh(project.id);
}

function opening({ fleet, host }: CommandParts) {
  const one = async (states: readonly RowState[], argument: unknown) =>
    (await chooseVms(fleet, states, argument, undefined, false))?.[0];
  return {
    async [commands.openShell](argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (chosen) openShell(host, chosen);
    },
    async [commands.openSerial](argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (chosen) openSerialTerminal(chosen);
    },
    async [commands.copySshCommand](argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (!chosen) return;
      await vscode.env.clipboard.writeText(`castra ssh --config '${chosen.project.id}' ${chosen.vm.name}`);
    },
    async [commands.openRemote](argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (chosen) await (await import('./remoteSsh.ts')).openInRemoteSsh(host, chosen);
    },
    async [commands.openPort](argument: unknown) {
      const node = argument as Extract<Node, { kind: 'port' }> | undefined;
      const chosen = node?.kind === 'port' ? node : await pickPort(fleet, argument);
      if (chosen) await openForward(chosen.forward.host);
    },
    async [commands.openConfig](argument: unknown) {
      const project = await chooseProject(fleet, argument);
      if (project) await vscode.window.showTextDocument(vscode.Uri.file(project.id));
    },
    [commands.init]: () => import('./init.ts').then(({ createConfig }) => createConfig()),
  };
}

async function pickPort(fleet: FleetStore, argument: unknown) {
  const [chosen] = (await chooseVms(fleet, RUNNING, argument, undefined, false)) ?? [];
  const forwards = chosen?.vm.status?.forwards.filter(({ protocol }) => protocol === 'tcp') ?? [];
  const items = forwards.map((forward) => ({ label: `${forward.host} → ${forward.guest}`, forward }));
  return items.length < 2 ? items[0] : vscode.window.showQuickPick(items);
}

/** Through the workbench: the window may be on another machine than the VM. */
async function openForward(port: number): Promise<void> {
  const uri = await vscode.env.asExternalUri(vscode.Uri.parse(`http://127.0.0.1:${port}/`));
  await vscode.env.openExternal(uri);
}

/** A process of its own in a terminal: it survives a reload of the window. */
function openShell({ cli }: Host, { project, vm }: ChosenVm): void {
  const terminal = vscode.window.createTerminal({
    name: vm.name,
    shellPath: process.execPath,
    shellArgs: [cli, 'ssh', '--config', project.id, vm.name],
    env: { ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ASAR: '1' },
    iconPath: new vscode.ThemeIcon('vm-running'),
  });
  terminal.show();
}

function showing({ host, fleet, operations, logs, restartServer }: CommandParts) {
  const showLog = (source: 'serial' | 'qemu') => async (argument: unknown) => {
    const [chosen] = (await chooseVms(fleet, ANY, argument, undefined, false)) ?? [];
    if (chosen) logs.show(chosen, source);
  };
  return {
    [commands.refresh]: () => fleet.refresh(),
    [commands.showSerialLog]: showLog('serial'),
    [commands.showQemuLog]: showLog('qemu'),
    [commands.showLog]: () => host.log.show(),
    [commands.restartServer]: restartServer,
    [commands.doctor]: () => import('./doctor.ts').then(({ showDoctor }) => showDoctor({ host, fleet, operations })),
    [commands.copyInstallCommand]: () => copyInstallCommand(),
  };
}

/** Never run for the user: it takes rights, and a package manager is theirs to choose. */
async function copyInstallCommand(): Promise<void> {
  const { installCommand } = await import('../runtime/vm/qemu.ts');
  const command = installCommand();
  await vscode.env.clipboard.writeText(command);
  void vscode.window.showInformationMessage(vscode.l10n.t('Copied: {0}', command));
}
