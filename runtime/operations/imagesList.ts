import type { ImageSummary, ImagesListOptions, ImagesListOutcome, ImageUser } from '../contract/images.ts';
import type { ImageRecord } from '../images/imageRecord.ts';
import { cachedImages } from '../images/store.ts';
import { imageFiles } from '../state/layout.ts';
import { findQemu } from '../vm/host/qemu.ts';
import { findImageUsers } from './project/imageUsers.ts';
import { failWhenCancelled, type Operation } from './run.ts';

/** What is in the image cache, and what stands on it. Changes nothing. */
export const imagesList: Operation<ImagesListOptions, ImagesListOutcome> = async ({ settings }, run) => {
  const { home } = settings;
  const images = cachedImages(home);
  const look = () => findImageUsers(home, findQemu(settings).image, run.signal);
  const users = images.length === 0 ? undefined : await failWhenCancelled(run, look);
  const summaries = images.map((image) => summarize(home, image, users?.byImage));
  return { value: { folder: imageFiles(home).folder, images: summaries }, diagnostics: [] };
};

function summarize(
  home: string,
  image: ImageRecord,
  users: ReadonlyMap<string, readonly ImageUser[]> | undefined,
): ImageSummary {
  const { sha256, bytes, sources, fetchedAt, lastUsedAt, damaged = false } = image;
  const path = imageFiles(home).image(sha256);
  return { sha256, path, bytes, sources, fetchedAt, lastUsedAt, damaged, users: users?.get(path) ?? [] };
}
