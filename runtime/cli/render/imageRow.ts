import type { EventOf } from '../../contract/events.ts';
import { formatBytes } from './format.ts';

/** A download as the live display shows it. */
export interface ImageRow {
  readonly event: EventOf<'image.progress'>;
  /** The first that was seen of it: the rate is what came since, and not what an earlier command had got. */
  readonly first: { readonly bytes: number; readonly atMs: number };
  readonly atMs: number;
}

export function nextImageRow(
  event: EventOf<'image.progress'>,
  before: ImageRow | undefined,
  now = performance.now(),
): ImageRow {
  const again = before && event.receivedBytes >= before.event.receivedBytes;
  return { event, first: again ? before.first : { bytes: event.receivedBytes, atMs: now }, atMs: now };
}

/** `alpine.qcow2  40.0 MiB of 160.0 MiB (25%), 8.0 MiB/s`; which other process downloads it, if one does. */
export function renderImageRow(url: string, { event, first, atMs }: ImageRow): string {
  const { receivedBytes, totalBytes, byPid } = event;
  const name = url.slice(url.lastIndexOf('/') + 1) || url;
  const share = totalBytes ? ` of ${formatBytes(totalBytes)} (${Math.floor((100 * receivedBytes) / totalBytes)}%)` : '';
  const seconds = (atMs - first.atMs) / 1000;
  const rate = seconds > 0 ? `, ${formatBytes(Math.round((receivedBytes - first.bytes) / seconds))}/s` : '';
  const waiting = byPid === undefined ? '' : `, waiting for pid ${byPid}`;
  return `${name}  ${formatBytes(receivedBytes)}${share}${rate}${waiting}`;
}
