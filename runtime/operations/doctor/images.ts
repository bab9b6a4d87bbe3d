import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { DoctorFinding } from '../../contract/doctor.ts';
import { messageOf } from '../../contract/failures.ts';
import { inspectQcow2 } from '../../disks/qcow2.ts';
import { isImageRecord } from '../../images/imageRecord.ts';
import { listNames, readJsonIfAny } from '../../state/files.ts';
import { homeFiles } from '../../state/layout.ts';
import { type Check, fine, problem } from './finding.ts';

const CHECK = 'home.images';

/** How many images the cache has, what they take, and which of them cannot be used. */
export const checkImages: Check = async ({ settings }) => {
  const folder = homeFiles(settings.home).images;
  const files = listNames(folder).flatMap((name) => {
    const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
    return stat?.isFile() ? [{ path: join(folder, name), bytes: stat.blocks * 512 }] : [];
  });
  const images = files.filter(({ path }) => path.endsWith('.qcow2'));
  const bytes = images.reduce((sum, image) => sum + image.bytes, 0);
  const damaged = (await Promise.all(images.map(({ path }) => judgeImage(path)))).flat();
  const records = files.filter(({ path }) => path.endsWith('.json')).flatMap(({ path }) => judgeRecord(path));
  const total = images.length === 1 ? '1 image' : `${images.length} images`;
  const summary = `${total} in the cache, ${Math.round(bytes / 2 ** 20)} MiB`;
  return [fine(CHECK, summary, { images: images.length, bytes, path: folder }), ...damaged, ...records];
};

async function judgeImage(path: string): Promise<DoctorFinding[]> {
  try {
    await inspectQcow2(path);
    return [];
  } catch (error) {
    const message = `The image ${path} cannot be used: ${messageOf(error)}.`;
    return [problem('warning', CHECK, message, 'Delete it; Castra downloads it again when a VM needs it.', { path })];
  }
}

function judgeRecord(path: string): DoctorFinding[] {
  const value = readJsonIfAny(path);
  if (isImageRecord(value)) {
    if (value.damaged !== true) return [];
    const message = `The cached image of ${path} is damaged.`;
    return [
      problem('warning', CHECK, message, 'castra images prune; Castra downloads it again when a VM needs it.', {
        path,
      }),
    ];
  }
  const message = `The record ${path} is damaged, so its image is unknown.`;
  return [
    problem('warning', CHECK, message, 'Delete it; Castra downloads the image again when a VM needs it.', { path }),
  ];
}
