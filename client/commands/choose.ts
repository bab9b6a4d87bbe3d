import * as vscode from 'vscode';
import type { RowState } from '../fleet/rowState.ts';
import type { FleetStore } from '../fleet/store.ts';
import type { ProjectView, VmView } from '../fleet/view.ts';
import { vmRow } from '../views/vmItem.ts';
import type { Node } from '../views/vmTree.ts';

export interface ChosenVm {
  readonly project: ProjectView;
  readonly vm: VmView;
}

/** What a code lens or another extension may hand to a command instead of a row. */
interface Named {
  readonly project: string;
  readonly vms: readonly string[];
}

/**
 * The VMs that a command is for: the rows it was called on, or, from the palette, those that the user picks of the
 * ones it can be applied to. Undefined when the user picked none.
 */
export async function chooseVms(
  fleet: FleetStore,
  states: readonly RowState[],
  argument: unknown,
  more: unknown,
  several: boolean,
): Promise<readonly ChosenVm[] | undefined> {
  const given = fromArguments(fleet, argument, more);
  if (given.length > 0) {
    // Of several selected rows, those that the command is for.
    const fitting = given.filter(({ vm }) => states.includes(vm.state));
    if (fitting.length === 0) sayNoneIs(states);
    return fitting.length === 0 ? undefined : fitting;
  }
  const candidates = inOrder(fleet.projects).flatMap((project) =>
    project.vms.filter((vm) => states.includes(vm.state)).map((vm) => ({ project, vm })),
  );
  const [only, ...others] = candidates;
  if (only === undefined) {
    sayNoneIs(states);
    return undefined;
  }
  return others.length === 0 ? [only] : pick(candidates, several);
}

function describeNone(states: readonly RowState[]): string {
  if (states.every((state) => state === 'leftover'))
    return vscode.l10n.t('Nothing is left of VMs that castra.toml does not declare.');
  const about = { stopped: states.includes('stopped'), running: states.includes('running') };
  if (about.stopped && about.running)
    return vscode.l10n.t('This workspace has no virtual machines. Declare one in castra.toml.');
  if (about.stopped) return vscode.l10n.t('All virtual machines are already running.');
  if (states.includes('paused') && !about.running) return vscode.l10n.t('No virtual machine is paused.');
  return about.running
    ? vscode.l10n.t('No virtual machine is running.')
    : vscode.l10n.t('No virtual machine is starting or stopping.');
}

/** A command that has nothing to do says so. */
export function sayNoneIs(states: readonly RowState[]): void {
  void vscode.window.showInformationMessage(describeNone(states));
}

async function pick(candidates: readonly ChosenVm[], several: boolean): Promise<readonly ChosenVm[] | undefined> {
  const items = candidates.map((chosen) => ({
    label: chosen.vm.name,
    description: vmRow(chosen.project.id, chosen.vm).description,
    detail: new Set(candidates.map(({ project }) => project.id)).size > 1 ? chosen.project.name : '',
    chosen,
  }));
  const placeHolder = vscode.l10n.t('Which virtual machine?');
  if (several) {
    const picked = await vscode.window.showQuickPick(items, { canPickMany: true, placeHolder });
    return picked?.map(({ chosen }) => chosen);
  }
  const picked = await vscode.window.showQuickPick(items, { placeHolder });
  return picked && [picked.chosen];
}

/** As they are now: a row may have been drawn a while ago. */
function fromArguments(fleet: FleetStore, argument: unknown, more: unknown): ChosenVm[] {
  const nodes = (Array.isArray(more) && more.length > 0 ? more : [argument]).filter(isNode);
  const named = nodes.length > 0 ? nodes.map(nameOf) : isNamed(argument) ? [argument] : [];
  return named.flatMap(({ project: id, vms }) => {
    const project = fleet.projects.find((one) => one.id === id);
    return project ? project.vms.filter(({ name }) => vms.includes(name)).map((vm) => ({ project, vm })) : [];
  });
}

function nameOf(node: Node): Named {
  const vms = node.kind === 'project' ? node.project.vms.map(({ name }) => name) : [node.vm.name];
  return { project: node.project.id, vms };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value && 'project' in value;
}

function isNamed(value: unknown): value is Named {
  return (
    typeof value === 'object' && value !== null && 'project' in value && 'vms' in value && Array.isArray(value.vms)
  );
}

/** The project that a command is for: that of a row, the only one, or the one that is picked. */
export async function chooseProject(fleet: FleetStore, argument: unknown): Promise<ProjectView | undefined> {
  const id = projectIn(argument);
  const projects = inOrder(fleet.projects);
  const [only, ...others] = projects;
  if (id !== undefined) {
    const found = projects.find((project) => project.id === id);
    if (!found) void vscode.window.showInformationMessage(vscode.l10n.t('{0} is not in a folder of this window.', id));
    return found;
  }
  if (only === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('This workspace has no castra.toml. Run “Castra: Create castra.toml”.'),
    );
    return undefined;
  }
  if (others.length === 0) return only;
  const items = projects.map((project) => ({ label: project.name, description: project.id, project }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which project?') }))?.project;
}

/** The project of a row, of a code lens, or of the editor whose button was pressed. */
function projectIn(argument: unknown): string | undefined {
  if (argument instanceof vscode.Uri) return argument.fsPath;
  if (isNode(argument)) return argument.project.id;
  return isNamed(argument) ? argument.project : undefined;
}

/** The VMs of a row or a code lens; undefined for a project, and from the palette. */
export function namesIn(argument: unknown): readonly string[] | undefined {
  if (isNode(argument)) return argument.kind === 'project' ? undefined : [argument.vm.name];
  return isNamed(argument) ? argument.vms : undefined;
}

/** The project whose castra.toml is edited comes first. */
function inOrder(projects: readonly ProjectView[]): ProjectView[] {
  const edited = vscode.window.activeTextEditor?.document.uri.fsPath;
  return projects.toSorted((a, b) => Number(b.id === edited) - Number(a.id === edited));
}

/** VMs of several projects may have the same name. */
export function nameIn(projects: readonly ProjectView[], { project, vm }: ChosenVm): string {
  return projects.length > 1 ? `${project.name}/${vm.name}` : vm.name;
}
