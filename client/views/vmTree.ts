import * as vscode from 'vscode';
import type { PortForward } from '../../runtime/contract/vocabulary.ts';
import { paced } from '../fleet/paced.ts';
import type { FleetStore } from '../fleet/store.ts';
import { countRunning, type ProjectView, type VmView } from '../fleet/view.ts';
import { commandId, views } from '../ids.ts';
import { STALE_SCHEME } from './staleRows.ts';
import { showForward, speakPort, vmRow, vmTooltip } from './vmItem.ts';

/** What a row stands for; commands take these. */
export type Node =
  | { readonly kind: 'project'; readonly project: ProjectView }
  | { readonly kind: 'vm'; readonly project: ProjectView; readonly vm: VmView }
  | { readonly kind: 'port'; readonly project: ProjectView; readonly vm: VmView; readonly forward: PortForward }
  | { readonly kind: 'log'; readonly project: ProjectView; readonly vm: VmView; readonly log: 'serial' | 'qemu' };

/**
 * The first of many events, such as a click, is drawn at once, the others together. VS Code does the same for 200 ms, and
 * starts again with each event: more often than that nothing would be drawn until all is quiet (ExtHostTreeView).
 */
const REDRAW_MS = 220;

export function openTree(fleet: FleetStore): vscode.Disposable {
  const changed = new vscode.EventEmitter<Node | undefined>();
  const provider: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: changed.event,
    getChildren: (node) => children(fleet.projects, node),
    getTreeItem: toItem,
    resolveTreeItem(item, node) {
      if (node.kind === 'vm') item.tooltip = new vscode.MarkdownString(vmTooltip(node.vm), true);
      return item;
    },
  };
  const tree = vscode.window.createTreeView(views.vms, { treeDataProvider: provider, canSelectMany: true });
  const draw = () => {
    // First: VS Code passes on one change at once and what follows after 200 ms, and a title is such a change too.
    changed.fire(undefined);
    decorate(tree, fleet.projects);
  };
  fleet.setVisible(tree.visible);
  return vscode.Disposable.from(
    paced(fleet.onDidChange, REDRAW_MS, draw),
    tree.onDidChangeVisibility(({ visible }) => fleet.setVisible(visible)),
    vscode.workspace.onDidGrantWorkspaceTrust(draw),
    tree,
    changed,
  );
}

function decorate(tree: vscode.TreeView<Node>, projects: readonly ProjectView[]): void {
  const running = countRunning(projects);
  tree.badge = running === 0 ? undefined : { value: running, tooltip: vscode.l10n.t('{0} running', running) };
  const [only, ...others] = projects;
  const description = only && others.length === 0 ? only.name : '';
  if (tree.description !== description) tree.description = description;
  const restricted = vscode.l10n.t('Restricted Mode: trust this workspace to start and stop virtual machines.');
  const message = [
    ...(only && !vscode.workspace.isTrusted ? [restricted] : []),
    ...(others.length === 0 && only?.problem ? [only.problem] : []),
  ].join('\n');
  if ((tree.message ?? '') !== message) tree.message = message;
}

function children(projects: readonly ProjectView[], node?: Node): Node[] {
  const [only, ...others] = projects;
  if (node === undefined) {
    if (only === undefined) return [];
    return others.length === 0 ? vmsOf(only) : projects.map((project) => ({ kind: 'project', project }));
  }
  switch (node.kind) {
    case 'project':
      return vmsOf(node.project);
    case 'vm':
      return details(node);
    case 'port':
    case 'log':
      return [];
  }
}

const vmsOf = (project: ProjectView): Node[] => project.vms.map((vm) => ({ kind: 'vm', project, vm }));

function details({ project, vm }: Extract<Node, { kind: 'vm' }>): Node[] {
  const ports = vm.status?.pid === undefined ? [] : vm.status.forwards;
  return [
    ...ports.map((forward): Node => ({ kind: 'port', project, vm, forward })),
    { kind: 'log', project, vm, log: 'serial' },
    { kind: 'log', project, vm, log: 'qemu' },
  ];
}

function toItem(node: Node): vscode.TreeItem {
  switch (node.kind) {
    case 'project':
      return projectItem(node.project);
    case 'vm':
      return vmItem(node.project, node.vm);
    case 'port':
      return portItem(node);
    case 'log':
      return logItem(node);
  }
}

function projectItem({ id, name, problem, vms }: ProjectView): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `project:${id}`;
  item.contextValue = 'project';
  item.iconPath = new vscode.ThemeIcon(problem === undefined ? 'server-environment' : 'warning');
  item.description = problem ?? vscode.l10n.t('{0} running', vms.filter(({ status }) => status?.pid).length);
  item.tooltip = id;
  item.accessibilityInformation = { label: `${name}, ${item.description}` };
  return item;
}

function vmItem(project: ProjectView, vm: VmView): vscode.TreeItem {
  const row = vmRow(project.id, vm);
  const item = new vscode.TreeItem(row.label, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = row.id;
  item.description = row.description;
  item.contextValue = row.contextValue;
  item.iconPath = new vscode.ThemeIcon(row.icon, row.color ? new vscode.ThemeColor(row.color) : undefined);
  item.accessibilityInformation = { label: row.spoken };
  if (vm.stale) item.resourceUri = vscode.Uri.from({ scheme: STALE_SCHEME, path: `/${vm.name}` });
  return item;
}

function portItem(node: Extract<Node, { kind: 'port' }>): vscode.TreeItem {
  const { project, vm, forward } = node;
  const item = new vscode.TreeItem(showForward(forward));
  item.id = `port:${project.id}/${vm.name}/${forward.protocol}/${forward.host}`;
  item.contextValue = forward.protocol === 'tcp' && forward.guest !== 22 ? 'port.open' : 'port.other';
  item.iconPath = new vscode.ThemeIcon('plug');
  item.description = forward.guest === 22 ? 'SSH' : forward.bind;
  item.accessibilityInformation = { label: speakPort(forward) };
  if (item.contextValue === 'port.open') {
    item.command = { command: commandId('openPort'), title: vscode.l10n.t('Open Port'), arguments: [node] };
  }
  return item;
}

function logItem(node: Extract<Node, { kind: 'log' }>): vscode.TreeItem {
  const serial = node.log === 'serial';
  const item = new vscode.TreeItem(serial ? vscode.l10n.t('Serial log') : vscode.l10n.t('QEMU log'));
  item.id = `log:${node.project.id}/${node.vm.name}/${node.log}`;
  item.contextValue = `log.${node.log}`;
  item.iconPath = new vscode.ThemeIcon('output');
  item.command = {
    command: commandId(serial ? 'showSerialLog' : 'showQemuLog'),
    title: item.label as string,
    arguments: [node],
  };
  return item;
}
