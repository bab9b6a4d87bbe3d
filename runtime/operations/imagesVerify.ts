import type { ImagesVerifyOptions, ImagesVerifyOutcome, VerifiedImage } from '../contract/images.ts';
import type { ImageRecord } from '../images/imageRecord.ts';
import { cachedImages } from '../images/store.ts';
import { discardDamaged, verifyImage } from '../images/verify.ts';
import { imageFiles } from '../state/layout.ts';
import { findQemu } from '../vm/host/qemu.ts';
import { imageRun } from './project/imageRun.ts';
import { findImageUsers, type ImageUsers } from './project/imageUsers.ts';
import { failWhenCancelled, type Operation, type Run } from './run.ts';

/** Reads every cached image. A damaged one is deleted when nothing stands on it, else only marked. */
export const imagesVerify: Operation<ImagesVerifyOptions, ImagesVerifyOutcome> = async ({ settings }, run) => {
  const { home } = settings;
  const images: VerifiedImage[] = [];
  const all = cachedImages(home);
  if (all.length === 0) return { value: { images }, diagnostics: [] };
  const qemuImg = findQemu(settings).image;
  await failWhenCancelled(run, async () => {
    const users = await findImageUsers(home, qemuImg, run.signal);
    for (const image of all) images.push(...(await judge(home, image, users, run)));
  });
  return { value: { images }, diagnostics: [] };
};

async function judge(home: string, image: ImageRecord, users: ImageUsers, run: Run): Promise<VerifiedImage[]> {
  const { sha256 } = image;
  const path = imageFiles(home).image(sha256);
  const standing = users.byImage.get(path) ?? [];
  const verdict = await verifyImage(home, image, run.signal);
  switch (verdict.kind) {
    case 'gone':
      return [];
    case 'sound':
      run.report({ type: 'image.verified', path, digest: `sha256:${sha256}`, vms: [] });
      return [{ sha256, path, result: 'sound', deleted: false, users: standing }];
    case 'damaged': {
      const unused = standing.length === 0 && users.unreadable.length === 0;
      const deleted = unused && (await discardDamaged(home, sha256, verdict, imageRun(run, [])));
      return [{ sha256, path, result: 'damaged', deleted, users: standing }];
    }
  }
}
