import { rmSync, statSync } from 'node:fs';
import type { ImageStep } from '../contract/images.ts';
import { identify, isSameProcess } from '../process/identity.ts';
import { number, object, optional, text } from '../state/decode.ts';
import { readJsonIfAny, writeFileAtomic } from '../state/files.ts';
import { downloadFiles } from '../state/layout.ts';
import { waitForKernelLock } from '../state/waitForLock.ts';
import type { WantedImage } from './wantedImage.ts';

/** What is being got. */
type Held = Pick<WantedImage, 'home' | 'key' | 'url' | 'bytes'>;

/** Who downloads an image; only for those who wait and want to know. */
interface Holder {
  readonly pid: number;
  readonly startToken: string;
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
  announce(files.holder, wanted);
  return () => {
    rmSync(files.holder, { force: true });
    free();
  };
}

function announce(path: string, { bytes }: Held): void {
  const startToken = identify(process.pid)?.startToken ?? '';
  const holder: Holder = { pid: process.pid, startToken, ...(bytes === undefined ? {} : { totalBytes: bytes }) };
  try {
    writeFileAtomic(path, JSON.stringify(holder));
  } catch {
    // The disk is full: others do not learn who it is.
    rmSync(path, { force: true });
  }
}

/** Nothing when it is this process itself that downloads: it reports its progress already. */
function tellProgress({ home, key, url }: Held, report: (step: ImageStep) => void): void {
  const files = downloadFiles(home, key);
  const holder = readJsonIfAny(files.holder);
  if (!isHolder(holder) || holder.pid === process.pid || !isSameProcess(holder)) return;
  const receivedBytes = statSync(files.part, { throwIfNoEntry: false })?.size ?? 0;
  const total = holder.totalBytes === undefined ? {} : { totalBytes: holder.totalBytes };
  report({ type: 'image.progress', url, receivedBytes, ...total, byPid: holder.pid });
}

const isHolder = object<Holder>({ pid: number, startToken: text, totalBytes: optional(number) });
