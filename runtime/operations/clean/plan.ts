import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runningBroker } from '../../broker/records/brokerRecord.ts';
import type { ProjectConfig } from '../../config/project.ts';
import { isInside } from '../../config/vms/paths.ts';
import type { CleanupKind } from '../../contract/clean.ts';
import { messageOf } from '../../contract/failures.ts';
import { fileId } from '../../disks/overlay.ts';
import { readTextIfAny } from '../../state/files.ts';
import { judgeEntry, type StateFolder, typeOf } from '../../state/inventory.ts';
import { projectFiles } from '../../state/layout.ts';
import { type LaunchRecord, readRecord } from '../../state/record.ts';

/** A file that is ours and may go. */
export interface Removal {
  readonly kind: CleanupKind;
  readonly path: string;
  readonly vm?: string;
}

export interface CleanPlan {
  /** In the order in which they are to go: disks before the records that prove whose they are. */
  readonly removals: readonly Removal[];
  readonly skipped: readonly { readonly kind: CleanupKind; readonly path: string; readonly reason: string }[];
}

export interface PlanChoices {
  readonly keepLogs?: boolean;
  readonly keepHandshakes?: boolean;
  readonly kept?: boolean;
  readonly project?: ProjectConfig;
}

/** What a clean-up of a state root would do. Reads folders and launch records; changes nothing. */
export function planClean(stateRoot: string, choices: PlanChoices): CleanPlan {
  const draft: Draft = { removals: [], skipped: [] };
  walk('root', stateRoot, { stateRoot, choices, draft });
  const records = draft.removals.flatMap(({ kind, vm }) =>
    kind === 'record' && vm !== undefined ? (readRecord(stateRoot, vm) ?? []) : [],
  );
  for (const record of records) addRecorded(stateRoot, record, choices, draft);
  const bases = new Set([...records.map(({ baseImage }) => baseImage), ...baseImages(choices.project)]);
  const isBase = ({ path }: Removal) => bases.has(path);
  for (const { kind, path } of draft.removals.filter(isBase)) {
    draft.skipped.push({ kind, path, reason: 'it is the base image of a VM' });
  }
  const removals = draft.removals.filter((removal) => !isBase(removal)).map((removal) => withOwner(removal, records));
  return { removals: removals.sort((a, b) => rank(a) - rank(b)), skipped: draft.skipped };
}

interface Draft {
  removals: Removal[];
  skipped: { kind: CleanupKind; path: string; reason: string }[];
}

const rank = ({ kind }: Removal): number => (kind === 'overlay' ? 0 : kind === 'record' ? 2 : 1);

interface Walk {
  readonly stateRoot: string;
  readonly choices: PlanChoices;
  readonly draft: Draft;
}

function walk(folder: StateFolder, path: string, way: Walk): void {
  const { stateRoot, choices, draft } = way;
  let entries: Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => a.name.localeCompare(b.name));
  } catch (error) {
    draft.skipped.push({ kind: 'unknown', path, reason: messageOf(error) });
    return;
  }
  for (const entry of entries) {
    const own = join(path, entry.name);
    if (folder === 'broker' && goesWithBroker(stateRoot, own)) continue;
    const verdict = judgeEntry(folder, { name: entry.name, type: typeOf(entry) });
    const stranger = verdict.kind === 'ours' ? checkContent(stateRoot, verdict.cleanup, verdict.vm, own) : undefined;
    if (verdict.kind === 'folder') {
      const wanted = whyNot(verdict.folder, choices);
      if (wanted === undefined) walk(verdict.folder, own, way);
      else draft.skipped.push({ ...wanted, path: own });
    } else if (verdict.kind === 'unknown' || stranger !== undefined) {
      const isDeclared = folder === 'overlays' && typeOf(entry) === 'file' && declares(choices.project, own);
      const reason = verdict.kind === 'unknown' ? verdict.reason : (stranger ?? '');
      if (isDeclared) draft.removals.push({ kind: 'overlay', path: own });
      else draft.skipped.push({ kind: 'unknown', path: own, reason });
    } else if (verdict.kind === 'ours') {
      draft.removals.push({ kind: verdict.cleanup, path: own, ...(verdict.vm ? { vm: verdict.vm } : {}) });
    }
  }
}

/** A broker that runs is stopped first, and removes its own files: they are not counted. */
function goesWithBroker(stateRoot: string, path: string): boolean {
  const { brokerRecord, brokerPid, hostToken } = projectFiles(stateRoot);
  return [brokerRecord, brokerPid, hostToken].includes(path) && runningBroker(stateRoot) !== undefined;
}

/** Folders that stay as a whole are told as one. */
function whyNot(folder: StateFolder, choices: PlanChoices): { kind: CleanupKind; reason: string } | undefined {
  if (folder === 'logs' && choices.keepLogs) return { kind: 'logs', reason: '--no-logs' };
  if (folder === 'handshakes' && choices.keepHandshakes) return { kind: 'handshakes', reason: '--no-handshakes' };
  if (folder === 'kept' && !choices.kept) {
    return { kind: 'kept-overlay', reason: 'kept by --keep-overlay; pass --kept to remove it' };
  }
  return undefined;
}

/** A name is not enough where any program may use it. */
function checkContent(stateRoot: string, kind: CleanupKind, vm: string | undefined, path: string): string | undefined {
  if (kind === 'record' && vm !== undefined && !readRecord(stateRoot, vm)) return 'it is not a launch record';
  const isPid = kind !== 'pid-file' || /^\d{0,10}\s*$/.test(readTextIfAny(path) ?? '-');
  return isPid ? undefined : 'it is not a pidfile';
}

const declares = (project: ProjectConfig | undefined, path: string): boolean =>
  project?.vms.some(({ overlayPath }) => overlayPath === path) ?? false;

function baseImages(project: ProjectConfig | undefined): string[] {
  return (project?.vms ?? []).flatMap(({ image }) => (image.kind === 'file' ? [image.path] : []));
}

/** What a launch record confirms where names do not: a disk at the place that castra.toml names, sockets in a short folder. */
function addRecorded(stateRoot: string, record: LaunchRecord, { project }: PlanChoices, draft: Draft): void {
  const { vm, overlayPath, overlayFile, sockets } = record;
  const listed = (path: string) => draft.removals.some((removal) => removal.path === path);
  if (!listed(overlayPath) && fileId(overlayPath) !== undefined) {
    const isOurs = overlayFile !== undefined && fileId(overlayPath) === overlayFile;
    draft.skipped = draft.skipped.filter(({ path }) => path !== overlayPath);
    const skip = (reason: string) => draft.skipped.push({ kind: 'overlay', path: overlayPath, reason });
    if (!isOurs) skip(`it is not the file that Castra created for ${vm}`);
    else if (declares(project, overlayPath)) draft.removals.push({ kind: 'overlay', path: overlayPath, vm });
    else skip('castra.toml does not name it any more; delete it if you do not need it');
  }
  for (const path of [sockets.qmp, sockets.monitor, sockets.console, sockets.bus]) {
    const isSocket = lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
    if (isSocket && !isInside(path, stateRoot)) draft.removals.push({ kind: 'socket', path, vm });
  }
}

/** A disk in our folder belongs to the VM whose record names it. */
function withOwner(removal: Removal, records: readonly LaunchRecord[]): Removal {
  const owner =
    removal.kind === 'overlay' ? records.find(({ overlayPath }) => overlayPath === removal.path) : undefined;
  return owner ? { ...removal, vm: owner.vm } : removal;
}
