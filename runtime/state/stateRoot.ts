import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { RootFinding } from '../contract/singleFailure.ts';
import { bootId } from '../process/identity.ts';
import { ensurePrivateDirectory } from './files.ts';
import { FILE_MODE, homeFiles, projectFiles } from './layout.ts';
import { removeOwnFile } from './ownFile.ts';
import {
  folderIdentity,
  isClaimed,
  type RootClaim,
  readClaim,
  readRootId,
  removeClaim,
  writeClaim,
} from './rootClaims.ts';

/** Where a state root is looked for, and for whom. */
export interface RootPlace {
  readonly stateRoot: string;
  /** Absent when no castra.toml names the folder (`castra clean --state-root`). */
  readonly configPath?: string;
}

/**
 * Whose a state root is. A folder may come with a repository by another author, or with a copy of one of ours:
 * nothing in it counts until this user's Castra is known to have made it, for this castra.toml.
 */
export type RootVerdict =
  /** There is no folder, or nothing in it. The next `castra up` makes it ours. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'ours'; readonly id: string; readonly claim: RootClaim }
  /** In the default place, below a home that only this user can write, and made before state roots had an id. */
  | { readonly kind: 'unmarked' }
  | Refused;

export type UsableRoot = Exclude<RootVerdict, Refused>;

interface Refused {
  readonly kind: 'refused';
  readonly found: RootFinding;
  /** The rest of a sentence that begins with the path. */
  readonly detail: string;
}

const refused = (found: RootFinding, detail: string): Refused => ({ kind: 'refused', found, detail });

/** Reads names, types and ids; changes nothing and follows no link. */
export function examineRoot(home: string, place: RootPlace): RootVerdict {
  try {
    return refuseWay(place) ?? examineFolder(home, place);
  } catch (error) {
    return refused('unreadable', `cannot be read: ${messageOf(error)}`);
  }
}

/** A link between castra.toml and its state root may lead anywhere, and a repository can bring one along. */
function refuseWay({ stateRoot, configPath }: RootPlace): Refused | undefined {
  const project = configPath === undefined ? undefined : dirname(configPath);
  const names = project === undefined ? [] : relative(project, stateRoot).split(sep);
  if (project === undefined || names[0] === '..' || isAbsolute(names.join(sep))) return undefined;
  const link = names
    .map((_, index) => join(project, ...names.slice(0, index + 1)))
    .find((path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink());
  if (link === undefined || link === stateRoot) return undefined;
  return refused('link', `is behind the symbolic link ${link}, which may lead anywhere`);
}

function examineFolder(home: string, place: RootPlace): RootVerdict {
  const { stateRoot } = place;
  const stat = lstatSync(stateRoot, { throwIfNoEntry: false });
  if (stat === undefined) return { kind: 'absent' };
  if (stat.isSymbolicLink()) return refused('link', 'is a symbolic link, which may lead anywhere');
  if (!stat.isDirectory()) return refused('not-a-folder', 'is not a folder');
  if (process.getuid !== undefined && stat.uid !== process.getuid())
    return refused('other-user', `belongs to another user (uid ${stat.uid})`);
  if (readdirSync(stateRoot).length === 0) return { kind: 'absent' };
  if (isDefaultPlace(home, stateRoot) && process.platform !== 'win32' && (stat.mode & 0o022) !== 0)
    return refused('writable', `can be written to by other users (mode ${(stat.mode & 0o777).toString(8)})`);
  const id = readRootId(stateRoot);
  const claim = id === undefined ? undefined : readClaim(home, id);
  const verdict = claim ? judgeClaim(claim, place) : judgeUnclaimed(home, stateRoot);
  return verdict.kind === 'refused' ? verdict : (findStranger(stateRoot) ?? verdict);
}

/** Below Castra's home, where no repository brings a folder along. */
const isDefaultPlace = (home: string, stateRoot: string): boolean => dirname(stateRoot) === homeFiles(home).projects;

function judgeUnclaimed(home: string, stateRoot: string): RootVerdict {
  if (isDefaultPlace(home, stateRoot) && lstatSync(projectFiles(stateRoot).lock, { throwIfNoEntry: false })?.isFile()) {
    return { kind: 'unmarked' };
  }
  return refused('unknown', 'was not created by Castra for you on this computer');
}

function judgeClaim(claim: RootClaim, { stateRoot, configPath }: RootPlace): RootVerdict {
  if (!isClaimed(claim, stateRoot, folderIdentity(stateRoot))) {
    return refused('copy', `is a copy of the state root ${claim.stateRoot}, whose VMs and disks it does not own`);
  }
  // A castra.toml that is gone was moved along with its folder, or its folder was renamed.
  const isOther = configPath !== undefined && existsSync(claim.configPath) && !isSameFile(configPath, claim.configPath);
  if (isOther) return refused('other-project', `is the state root of another project, ${claim.configPath}`);
  return { kind: 'ours', id: claim.id, claim };
}

function isSameFile(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [a, b].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** Castra makes plain folders. Through anything else, what is written and removed below it would be elsewhere. */
function findStranger(stateRoot: string): Refused | undefined {
  const { logs, bootstrapLogs, overlays, kept, keys } = projectFiles(stateRoot);
  for (const path of [logs, bootstrapLogs, overlays, kept, keys]) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const name = relative(stateRoot, path);
    if (stat.isSymbolicLink()) return refused('damaged', `has a symbolic link in place of its folder ${name}`);
    if (!stat.isDirectory()) return refused('damaged', `has a file in place of its folder ${name}`);
    if (process.getuid !== undefined && stat.uid !== process.getuid())
      return refused('damaged', `has a folder ${name} of another user`);
  }
  return undefined;
}

/** What a state root is, when it may be looked into. Fails with `state-root-foreign`. */
export function requireRoot(home: string, place: RootPlace): UsableRoot {
  const verdict = examineRoot(home, place);
  if (verdict.kind !== 'refused') return verdict;
  const { found, detail } = verdict;
  throw new CastraError({ kind: 'state-root-foreign', path: place.stateRoot, found, detail });
}

/**
 * Makes a state root, or notes where it is now. Returns its id. Fails with `state-root-foreign`, and with
 * `state-root-unusable` when the folder or Castra's home cannot be written to.
 */
export function claimRoot(home: string, place: Required<RootPlace>): string {
  const verdict = requireRoot(home, place);
  if (verdict.kind === 'absent') return mark(home, place);
  if (verdict.kind === 'unmarked') return adoptRoot(home, place);
  const { claim } = verdict;
  ensurePrivateDirectory(place.stateRoot);
  const now = claimOf(claim.id, place);
  const isCurrent = claim.configPath === now.configPath && claim.stateRoot === now.stateRoot;
  if (!isCurrent || claim.folder.device !== now.folder.device) writeClaim(home, now);
  return claim.id;
}

function claimOf(id: string, { stateRoot, configPath }: Required<RootPlace>): RootClaim {
  return { format: 1, id, stateRoot, configPath, folder: folderIdentity(stateRoot), bootId: bootId() };
}

/** Home knows the id before the folder has it: a folder with an id that home does not know is never ours. */
function mark(home: string, place: Required<RootPlace>): string {
  const { stateRoot } = place;
  ensurePrivateDirectory(stateRoot);
  const id = randomUUID();
  try {
    writeClaim(home, claimOf(id, place));
    writeFileSync(projectFiles(stateRoot).id, `${id}\n`, { flag: 'wx', mode: FILE_MODE });
    return id;
  } catch (error) {
    removeClaim(home, id);
    if (error instanceof CastraError) throw error;
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const now = isTaken ? requireRoot(home, place) : undefined;
    // Another command of ours was quicker.
    if (now?.kind === 'ours') return now.id;
    throw new CastraError({ kind: 'state-root-unusable', path: stateRoot, detail: messageOf(error) }, { cause: error });
  }
}

/** Gives a new id to a folder that the user has looked at, or that is in the default place: from now on it is ours. */
export function adoptRoot(home: string, place: Required<RootPlace>): string {
  // What is not a file stays, and `mark` fails with its name.
  removeOwnFile(projectFiles(place.stateRoot).id);
  return mark(home, place);
}
