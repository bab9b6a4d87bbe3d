import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ExportOptions, ExportOutcome, ExportSource } from '../contract/disks.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import { readBacking } from '../disks/backing.ts';
import { isBaseNewer } from '../disks/baseChange.ts';
import { flattenDisk, makeEmptyDisk } from '../disks/flatten.ts';
import { keptOverlays } from '../disks/keptOverlay.ts';
import { fileId, findLockHolder, sweepHalfMade } from '../disks/overlay.ts';
import { projectFiles } from '../state/layout.ts';
import { inspectVm, type Liveness } from '../state/liveness.ts';
import { lockProject } from '../state/lock.ts';
import { backUpDisk, diskBytes } from '../vm/diskBackup.ts';
import { findQemuImage, installCommand } from '../vm/host/qemu.ts';
import { openState } from './project/openProject.ts';
import { oneVmCalled, projectVms } from './project/vms.ts';
import { type Operation, type Run, tell } from './run.ts';

/** Copies a VM's disk to one qcow2 file that stands alone. The VM may run, be stopped, or have left a kept overlay. */
export const exportVm: Operation<ExportOptions, ExportOutcome> = async (options, run) => {
  const { place, root, project, diagnostics } = openState(options);
  tell(diagnostics, run);
  const { outputPath } = options;
  const { stateRoot } = place;
  const { name: vm } = oneVmCalled(projectVms(stateRoot, project?.vms ?? []), options.vm);
  const qemuImg = findQemuImage(options.settings) ?? fail(vm, `qemu-img is missing; ${installCommand()}`);
  checkTarget(options);
  if (root.kind === 'absent') fail(vm, NO_DISK);
  const lock = await lockProject({ home: options.settings.home, place, command: 'export', vms: [vm] });
  try {
    const disk = findDisk(stateRoot, vm);
    await copyToPlace({ vm, qemuImg, disk, outputPath }, run);
    const bytes = statSync(outputPath).blocks * 512;
    return { value: { vm, source: disk.source, from: disk.path, path: outputPath, bytes }, diagnostics };
  } finally {
    lock.release();
  }
};

const NO_DISK =
  'it has no overlay: it was never started, or `castra down` discarded the overlay. Next time, use `castra down --keep-overlay`.';

function fail(vm: string, detail: string): never {
  throw new CastraError({ kind: 'export-failed', vm, detail });
}

function checkTarget({ vm, outputPath, force }: ExportOptions): void {
  const folder = dirname(outputPath);
  if (!existsSync(folder)) fail(vm, `the folder ${folder} does not exist.`);
  const there = statSync(outputPath, { throwIfNoEntry: false });
  if (there && !there.isFile()) fail(vm, `${outputPath} is not a file.`);
  if (there && !force) fail(vm, `${outputPath} already exists. Pass --force to replace it.`);
}

interface FoundDisk {
  readonly source: ExportSource;
  readonly path: string;
  readonly qmpSocket?: string;
}

function findDisk(stateRoot: string, vm: string): FoundDisk {
  const live: Liveness = inspectVm(stateRoot, vm);
  const record = 'record' in live ? live.record : undefined;
  if (live.kind === 'running') {
    if (record === undefined)
      return fail(vm, 'it is running, but its launch record is lost. Run `castra down --keep-overlay` first.');
    return { source: 'running', path: record.overlayPath, qmpSocket: record.sockets.qmp };
  }
  if (record?.overlayFile !== undefined && record.overlayFile === fileId(record.overlayPath))
    return { source: 'stopped', path: record.overlayPath };
  const [kept] = keptOverlays(projectFiles(stateRoot).kept, vm);
  return kept === undefined ? fail(vm, NO_DISK) : { source: 'kept', path: kept };
}

interface Copy {
  readonly vm: string;
  readonly qemuImg: string;
  readonly disk: FoundDisk;
  readonly outputPath: string;
}

/** Under a temporary name first: no reader finds half a disk, and what is replaced is replaced by a whole one. */
async function copyToPlace({ vm, qemuImg, disk, outputPath }: Copy, run: Run): Promise<void> {
  sweepHalfMade(outputPath);
  const to = `${outputPath}.${randomBytes(6).toString('hex')}.tmp`;
  const { signal } = run;
  try {
    if (disk.qmpSocket === undefined) {
      const holder = await findLockHolder(qemuImg, disk.path);
      if (holder !== undefined) fail(vm, `another process uses its disk: ${holder}`);
      await warnOfOtherBase(vm, disk.path, qemuImg, run);
      await flattenDisk(qemuImg, { from: disk.path, to, signal });
    } else {
      const { qmpSocket } = disk;
      await makeEmptyDisk(qemuImg, { to, bytes: await diskBytes(qmpSocket), signal });
      const onProgress = (doneBytes: number, totalBytes: number) =>
        run.report({ type: 'export.progress', vm, doneBytes, totalBytes });
      await backUpDisk({ qmpSocket, target: to, signal, onProgress });
    }
    renameSync(to, outputPath);
  } catch (error) {
    rmSync(to, { force: true });
    if (signal.aborted) throw new CastraError({ kind: 'cancelled' }, { cause: error });
    if (error instanceof CastraError) throw error;
    throw new CastraError({ kind: 'export-failed', vm, detail: `${messageOf(error)}.` }, { cause: error });
  }
}

/** Still worth having: most of what the guest wrote is in the overlay. */
async function warnOfOtherBase(vm: string, overlay: string, qemuImg: string, run: Run): Promise<void> {
  const base = await readBacking(qemuImg, overlay, run.signal);
  if (!base || !isBaseNewer(base, overlay)) return;
  const text = `${vm}: its base image ${base} changed after its overlay was created, so parts of the copy may be wrong.`;
  run.report({ type: 'message', severity: 'warning', text });
}
