import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageUser } from '../../contract/images.ts';
import { readBacking } from '../../disks/backing.ts';
import { listNames } from '../../state/files.ts';
import { homeFiles, projectFiles } from '../../state/layout.ts';
import { inspectVm, knownVms } from '../../state/liveness.ts';
import { readRecord } from '../../state/record.ts';
import { knownProjects } from '../../state/registry.ts';

export interface ImageUsers {
  /** By the path of the image. */
  readonly byImage: ReadonlyMap<string, readonly ImageUser[]>;
  /** Overlays that cannot be read: it is unknown what they stand on. */
  readonly unreadable: readonly string[];
}

/** A project, as far as its state root shows it. */
export interface ProjectRoot {
  readonly name: string;
  readonly stateRoot: string;
}

/** Every state root that is known: of the registry, and in the default place, whether or not registered. */
export function projectRoots(home: string): ProjectRoot[] {
  const known = knownProjects(home).map(({ name, stateRoot }) => ({ name, stateRoot }));
  const { projects } = homeFiles(home);
  const others = listNames(projects)
    .map((name) => ({ name, stateRoot: join(projects, name) }))
    .filter(({ stateRoot }) => !known.some((project) => project.stateRoot === stateRoot));
  return [...known, ...others];
}

/** What stands on which image, from launch records and from the overlays themselves. Changes nothing. */
export async function findImageUsers(home: string, qemuImg: string, signal: AbortSignal): Promise<ImageUsers> {
  const byImage = new Map<string, ImageUser[]>();
  const unreadable: string[] = [];
  const add = (image: string, user: ImageUser) => byImage.set(image, [...(byImage.get(image) ?? []), user]);
  for (const { name: project, stateRoot } of projectRoots(home)) {
    const recorded = new Set<string>();
    for (const vm of knownVms(stateRoot)) {
      const record = readRecord(stateRoot, vm);
      if (!record) continue;
      const kind = inspectVm(stateRoot, vm).kind === 'running' ? 'running' : 'stopped';
      recorded.add(record.overlayPath);
      add(record.baseImage, { project, vm, kind, path: record.overlayPath });
    }
    const { kept, overlays } = projectFiles(stateRoot);
    for (const path of [...listFiles(kept), ...listFiles(overlays)].filter((file) => !recorded.has(file))) {
      const backing = await readBacking(qemuImg, path, signal);
      if (backing === undefined) unreadable.push(path);
      else if (backing !== '') add(backing, { project, vm: vmOf(path), kind: 'kept', path });
    }
  }
  return { byImage, unreadable };
}

/** Overlays only: beside them may lie what a killed command left half-made. */
function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => path.endsWith('.qcow2') && statSync(path, { throwIfNoEntry: false })?.isFile());
  } catch {
    return [];
  }
}

const vmOf = (path: string): string => /([^/\\]+?)(?:\.[^/\\]*)?$/.exec(path)?.[1] ?? path;
