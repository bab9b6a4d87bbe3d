import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootId } from '../process/identity.ts';
import { object, oneOf, text } from './decode.ts';
import { ensurePrivateDirectory, listNames, readJsonIfAny, readTextIfAny, writeFileAtomic } from './files.ts';
import { homeFiles, projectFiles } from './layout.ts';

/** As randomUUID makes it. What a folder says is never used as a file name before it was held against this. */
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isRootId = (text: string): boolean => ID.test(text);

/** The id that a state root carries; undefined for a folder that has none, or none of ours. */
export function readRootId(stateRoot: string): string | undefined {
  const text = readTextIfAny(projectFiles(stateRoot).id)?.trim() ?? '';
  return isRootId(text) ? text : undefined;
}

/**
 * What Castra's home knows of a state root that it made: which folder of this host that is, and for which castra.toml.
 * A folder that merely looks like a state root has none, wherever it came from.
 */
export interface RootClaim {
  readonly format: 1;
  /** Random; the folder has it too (`castra.id`). */
  readonly id: string;
  readonly stateRoot: string;
  readonly configPath: string;
  readonly folder: FolderIdentity;
  /** Of the boot in which `folder` was noted. */
  readonly bootId: string;
}

/** Which folder a path leads to: the same after a rename, another one for a copy. */
export interface FolderIdentity {
  /** st_dev. Some file systems (btrfs, NFS, FUSE) get another number with each mount. */
  readonly device: string;
  readonly inode: string;
}

export function folderIdentity(path: string): FolderIdentity {
  const { dev, ino } = lstatSync(path, { bigint: true });
  return { device: String(dev), inode: String(ino) };
}

/** A root of this claim that is still where it was may be on a device that was numbered again at the last boot. */
export function isClaimed(claim: RootClaim, stateRoot: string, found: FolderIdentity): boolean {
  if (found.inode !== claim.folder.inode) return false;
  if (found.device === claim.folder.device) return true;
  return stateRoot === claim.stateRoot && claim.bootId !== bootId();
}

export function readClaim(home: string, id: string): RootClaim | undefined {
  const value = isRootId(id) ? readJsonIfAny(claimPath(home, id)) : undefined;
  return isClaim(value) && value.id === id ? value : undefined;
}

/** All claims; files that are not ours are passed over. */
function readClaims(home: string): RootClaim[] {
  return listNames(homeFiles(home).roots).flatMap((name) => readClaim(home, name.replace(/\.json$/, '')) ?? []);
}

/** Fails with CastraError when home cannot be used, or with what writing said. */
export function writeClaim(home: string, claim: RootClaim): void {
  ensurePrivateDirectory(home);
  ensurePrivateDirectory(homeFiles(home).roots);
  writeFileAtomic(claimPath(home, claim.id), `${JSON.stringify(claim, null, 2)}\n`);
}

export function removeClaim(home: string, id: string): void {
  if (isRootId(id)) rmSync(claimPath(home, id), { force: true });
}

/** A folder that was moved is found again by its claim, so one that is gone is not forgotten at once. */
const FORGET_AFTER_MS = 90 * 24 * 3600 * 1000;

/** Forgets state roots that are long gone. */
export function forgetOldClaims(home: string, now: number): void {
  for (const { id, stateRoot } of readClaims(home)) {
    const noted = lstatSync(claimPath(home, id), { throwIfNoEntry: false })?.mtimeMs ?? now;
    const isThere = lstatSync(stateRoot, { throwIfNoEntry: false }) !== undefined;
    if (!isThere && now - noted > FORGET_AFTER_MS) removeClaim(home, id);
  }
}

const claimPath = (home: string, id: string): string => join(homeFiles(home).roots, `${id}.json`);

const isClaim = object<RootClaim>({
  format: oneOf(1),
  id: text,
  stateRoot: text,
  configPath: text,
  folder: object<FolderIdentity>({ device: text, inode: text }),
  bootId: text,
});
