import { CastraError } from '../../contract/failures.ts';
import { baseStamp } from '../../disks/baseChange.ts';
import { createOverlay, fileId } from '../../disks/overlay.ts';
import { resolveBaseImage } from '../../images/resolveBaseImage.ts';
import { inspectVm } from '../../state/liveness.ts';
import { writeRecord } from '../../state/record.ts';
import { imageRun } from '../project/imageRun.ts';
import { crashed } from '../project/leftDisk.ts';
import { type Run, tell } from '../run.ts';
import { clearLeftovers } from '../stop/leftovers.ts';
import { type Disk, newRecord, type StartPlan } from './startPlan.ts';

/** The launch record is written before the overlay gets its name: no overlay of ours is ever unknown. */
export async function prepareDisk(plan: StartPlan, run: Run): Promise<Disk> {
  const { vm, stateRoot, settings, mirrors, maxImageBytes: maxBytes, qemu } = plan;
  const { name, overlayPath } = vm;
  const { image, architecture } = qemu.programs;
  const wanted = { vm: name, image: vm.image, architecture, mirrors, settings, maxBytes, qemuImg: image };
  if (vm.image.kind !== 'file') run.report({ type: 'vm.phase', vm: name, phase: 'image' });
  const { path: baseImage, diagnostics } = await resolveBaseImage(wanted, imageRun(run, plan.sharers));
  tell(diagnostics, run);
  run.report({ type: 'vm.phase', vm: name, phase: 'overlay' });
  const keepOverlay = crashed(inspectVm(stateRoot, name));
  const leftovers = { stateRoot, vm: name, overlayPath, qemuImg: image, reason: 'orphan', keepOverlay } as const;
  const { stayed } = await clearLeftovers(leftovers, run);
  refuseForeignOverlay(plan, stayed);
  let disk: Disk = { baseImage, baseStamp: baseStamp(baseImage) };
  writeRecord(stateRoot, newRecord(plan, disk));
  const onMade = (overlayFile: string) => {
    disk = { ...disk, overlayFile };
    writeRecord(stateRoot, newRecord(plan, disk));
  };
  const size = vm.overlaySizeMiB === undefined ? {} : { sizeMiB: vm.overlaySizeMiB };
  await createOverlay({ vm: name, qemuImg: image, overlayPath, baseImage, ...size, signal: run.signal, onMade });
  run.report({ type: 'overlay.prepared', vm: name, path: overlayPath, baseImage });
  return disk;
}

/** What still stands there after the leftovers are cleared was not made by us, or had to stay. */
function refuseForeignOverlay({ vm }: StartPlan, stayed: string | undefined): void {
  const { name, overlayPath } = vm;
  if (fileId(overlayPath) === undefined) return;
  const detail =
    stayed !== undefined
      ? `its overlay ${overlayPath} is still there: ${stayed}.`
      : `${overlayPath} exists, and Castra did not create it. Move it away, or choose another \`overlay\`.`;
  throw new CastraError({ kind: 'overlay-failed', vm: name, detail });
}
