import { join } from 'node:path';
import type { ProjectConfig } from '../../config/project.ts';
import { type LogKind, type LogsOptions, logKinds } from '../../contract/logs.ts';
import { listNames } from '../../state/files.ts';
import { projectFiles, vmFiles } from '../../state/layout.ts';
import { projectVms, vmsCalled } from '../project/vms.ts';

/** A log to show: one file with its rotated ones or, for bootstraps, one file per run, oldest first. */
export interface LogSource {
  readonly source: string;
  readonly vm?: string;
  readonly kind: LogKind;
  readonly path: string;
  readonly runs?: () => readonly string[];
}

/** The broker first, then VM by VM. It belongs to no VM, so naming VMs leaves it out unless it is asked for. */
export function selectSources(
  stateRoot: string,
  project: ProjectConfig | undefined,
  { vms: names = [], sources = [] }: LogsOptions,
): LogSource[] {
  const kinds = sources.length === 0 ? logKinds : logKinds.filter((kind) => sources.includes(kind));
  const broker = kinds.includes('broker') && (names.length === 0 || sources.includes('broker'));
  const path = projectFiles(stateRoot).brokerLog;
  return [
    ...(broker ? [{ source: 'host-broker', kind: 'broker', path } as const] : []),
    ...selectNames(stateRoot, project, names).flatMap((vm) => vmSources(stateRoot, vm, kinds, sources)),
  ];
}

function vmSources(stateRoot: string, vm: string, kinds: readonly LogKind[], asked: readonly LogKind[]): LogSource[] {
  const { qemuLog, serialLog } = vmFiles(stateRoot, vm);
  const folder = projectFiles(stateRoot).bootstrapLogs;
  const runs = () => bootstrapRuns(folder, vm);
  const all: readonly LogSource[] = [
    { source: `vm:${vm}:qemu`, vm, kind: 'qemu', path: qemuLog },
    { source: `vm:${vm}:serial`, vm, kind: 'serial', path: serialLog },
    ...(runs().length > 0 || asked.includes('bootstrap')
      ? [{ source: `vm:${vm}:bootstrap`, vm, kind: 'bootstrap', path: folder, runs } as const]
      : []),
  ];
  return all.filter(({ kind }) => kinds.includes(kind));
}

/** `<vm>-<when>.log`; a name that continues before the date is another VM's. */
function bootstrapRuns(folder: string, vm: string): string[] {
  const when = /^\d{4}-?\d{2}-?\d{2}[\w:.-]*\.log$/;
  return listNames(folder)
    .filter((name) => name.startsWith(`${vm}-`) && when.test(name.slice(vm.length + 1)))
    .sort()
    .map((name) => join(folder, name));
}

/** Names of VMs and roles. A VM that is stopped and no longer declared is known by the logs it left. */
function selectNames(stateRoot: string, project: ProjectConfig | undefined, names: readonly string[]): string[] {
  const current = projectVms(stateRoot, project?.vms ?? []);
  const logged = loggedVms(stateRoot)
    .filter((name) => !current.some((vm) => vm.name === name))
    .map((name) => ({ name, role: name }));
  // A file with errors names no VMs; then all that have logs are meant.
  if (names.length === 0 && project !== undefined) return current.map((vm) => vm.name);
  return vmsCalled([...current, ...logged], names).map((vm) => vm.name);
}

function loggedVms(stateRoot: string): string[] {
  return listNames(projectFiles(stateRoot).logs)
    .flatMap((name) => /^([a-z0-9-]+)-serial\.log$/.exec(name)?.[1] ?? [])
    .sort();
}
