import * as vscode from 'vscode';
import { vmFiles } from '../../runtime/state/layout.ts';
import { type ChosenVm, nameIn } from '../commands/choose.ts';
import type { FleetStore } from '../fleet/store.ts';
import type { ProjectView } from '../fleet/view.ts';
import { LOG_LANGUAGE } from '../ids.ts';
import { followLog } from './logFollow.ts';
import { boundedText } from './logText.ts';

export type LogSource = 'serial' | 'qemu';

/** Output channels that follow logs; one per source, from the first time it is shown until its VM is gone. */
export interface LogChannels extends vscode.Disposable {
  /** Brings a log to the front: only ever because the user asked. */
  show(chosen: ChosenVm, source: LogSource): void;
}

/** VS Code keeps each channel whole in memory, and a guest may print for ever. */
const BOUNDS = { full: 4 * 1024 * 1024, kept: 256 * 1024 };

const titleOf = (vm: string, source: LogSource): string =>
  source === 'serial' ? vscode.l10n.t('Castra: {0} serial', vm) : vscode.l10n.t('Castra: {0} QEMU', vm);

export function openLogs(fleet: FleetStore): LogChannels {
  /** By path of the log. */
  const channels = new Map<string, FollowedChannel>();
  const subscription = fleet.onDidChange(() => {
    if (channels.size === 0) return;
    const wanted = new Set(fleet.projects.flatMap(logPaths));
    for (const [path, channel] of channels) {
      if (wanted.has(path)) continue;
      channels.delete(path);
      channel.dispose();
    }
  });
  return {
    show({ project, vm }, source) {
      if (project.stateRoot === undefined) return sayUnknown(vm.name);
      const path = logPath(project.stateRoot, vm.name, source);
      const name = nameIn(fleet.projects, { project, vm });
      const channel = channels.get(path) ?? openChannel(titleOf(name, source), path);
      channels.set(path, channel);
      channel.show();
    },
    dispose() {
      subscription.dispose();
      for (const channel of channels.values()) channel.dispose();
      channels.clear();
    },
  };
}

export function logPath(stateRoot: string, vm: string, source: LogSource): string {
  const { serialLog, qemuLog } = vmFiles(stateRoot, vm);
  return source === 'serial' ? serialLog : qemuLog;
}

function logPaths({ stateRoot, vms }: ProjectView): string[] {
  if (stateRoot === undefined) return [];
  return vms.flatMap(({ name }) => [logPath(stateRoot, name, 'serial'), logPath(stateRoot, name, 'qemu')]);
}

interface FollowedChannel extends vscode.Disposable {
  show(): void;
}

function openChannel(name: string, path: string): FollowedChannel {
  const channel = vscode.window.createOutputChannel(name, LOG_LANGUAGE);
  const ended = new AbortController();
  void followLog(path, boundedText(channel, BOUNDS, `… earlier: ${path}`), ended.signal);
  return {
    show: () => channel.show(true),
    dispose() {
      ended.abort();
      channel.dispose();
    },
  };
}

/** The castra.toml of a project determines where its logs are. */
function sayUnknown(vm: string): void {
  const text = vscode.l10n.t(
    'The logs of {0} cannot be found, because its castra.toml cannot be read. Correct it and try again.',
    vm,
  );
  void vscode.window.showWarningMessage(text);
}
