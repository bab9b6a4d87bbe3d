import type { DoctorFinding, DoctorOptions, DoctorOutcome } from '../contract/doctor.ts';
import { messageOf } from '../contract/failures.ts';
import { checkAccelerators } from './doctor/accelerators.ts';
import { checkCode } from './doctor/code.ts';
import { checkEnvironment } from './doctor/environment.ts';
import { type Check, type Examined, problem } from './doctor/finding.ts';
import { checkHome } from './doctor/home.ts';
import { checkCapacities, checkPrograms } from './doctor/host.ts';
import { checkImages } from './doctor/images.ts';
import { checkProject, readExamined } from './doctor/project.ts';
import { checkQemu } from './doctor/qemu.ts';
import { checkStateRoots } from './doctor/stateRoots.ts';
import type { Operation } from './run.ts';

const checks: Readonly<Record<string, Check>> = {
  'host.programs': checkPrograms,
  'host.capacity': checkCapacities,
  qemu: checkQemu,
  'home.folder': checkHome,
  'home.code': checkCode,
  'home.images': checkImages,
  'home.projects': checkStateRoots,
  environment: checkEnvironment,
  project: checkProject,
};

/** In which findings are shown. */
const order: readonly string[] = [
  ...['host.programs', 'host.capacity', 'qemu', 'accelerator', 'home.folder', 'home.code', 'home.images'],
  ...['home.projects', 'environment', 'project.config', 'project'],
];

/**
 * What of this host and, where there is one, this project would keep VMs from starting or make them slow. Changes
 * nothing, not even the cache of what is known about QEMU.
 */
export const doctor: Operation<DoctorOptions, DoctorOutcome> = async (options) => {
  const { examined, findings: ofFile } = readExamined(options);
  // Alone, and before all else: these measure time.
  const accelerators = await examine('accelerator', checkAccelerators, examined);
  const others = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await examine(name, check, examined)] as const),
  );
  const found = new Map([['accelerator', accelerators], ['project.config', ofFile], ...others]);
  const findings = order.flatMap((name) => found.get(name) ?? []);
  const count = (status: DoctorFinding['status']) => findings.filter((finding) => finding.status === status).length;
  return { value: { findings, errors: count('error'), warnings: count('warning') }, diagnostics: [] };
};

/** A check that fails is a finding: the others are wanted all the more then. */
async function examine(name: string, check: Check, examined: Examined): Promise<readonly DoctorFinding[]> {
  try {
    return await check(examined);
  } catch (error) {
    const message = `This check could not be finished: ${messageOf(error)}.`;
    return [problem('error', name, message, 'Correct what the message names, and run `castra doctor` again.')];
  }
}
