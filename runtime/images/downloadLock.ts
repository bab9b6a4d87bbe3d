import { rmSync, statSync } from 'node:fs';
import type { ImageStep } from '../contract/images.ts';
import { number, object, optional } from '../state/decode.ts';
import { downloadFiles } from '../state/layout.ts';
import { announceHolder, readHolder } from '../state/lockHolder.ts';
import { waitForKernelLock } from '../state/waitForLock.ts';
import type { WantedImage } from './wantedImage.ts';

/** What is being got. */
type Held = Pick<WantedImage, 'home' | 'key' | 'url' | 'bytes'>;

/** What those who wait for it want to know. */
interface Announcement {
  readonly totalBytes?: number;
}

/**
 * Takes the lock of a download, waiting for another process that has it and reporting how far that one has come. When it
 * ends, in whatever way, the lock is free and its partial file can be resumed.
 */
export async function holdDownload(
  wanted: Held,
  run: { readonly report: (step: ImageStep) => void; readonly signal: AbortSignal },
): Promise<() => void> {
  const files = downloadFiles(wanted.home, wanted.key);
  const free = await waitForKernelLock(files.lock, {
    signal: run.signal,
    onTaken: () => tellProgress(wanted, run.report),
  });
  const { bytes } = wanted;
  announceHolder(files.holder, (bytes === undefined ? {} : { totalBytes: bytes }) satisfies Announcement);
  return () => {
    rmSync(files.holder, { force: true });
    free();
  };
}

/** Nothing when it is this process itself that downloads: it reports its progress already. */
function tellProgress({ home, key, url }: Held, report: (step: ImageStep) => void): void {
  const files = downloadFiles(home, key);
  const holder = readHolder(files.holder, isAnnouncement);
  if (holder === undefined || holder.pid === process.pid) return;
  const receivedBytes = statSync(files.part, { throwIfNoEntry: false })?.size ?? 0;
  const total = holder.totalBytes === undefined ? {} : { totalBytes: holder.totalBytes };
  report({ type: 'image.progress', url, receivedBytes, ...total, byPid: holder.pid });
}

const isAnnouncement = object<Announcement>({ totalBytes: optional(number) });
