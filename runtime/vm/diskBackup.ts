import { setTimeout as delay } from 'node:timers/promises';
import { QmpClient, type QmpEvent } from './qmp.ts';

export interface BackupRequest {
  readonly qmpSocket: string;
  /** Absolute path of an empty qcow2 file of the disk's size: QEMU runs in `/`. */
  readonly target: string;
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
}

/** The name that vm/args.ts gives the root disk. */
const DISK = 'disk0';
const JOB = 'castra-export';
const PROGRESS_MS = 500;
/** QEMU lets go of the target some milliseconds after the job says that it is done. */
const DETACH_ATTEMPTS = 50;
const DETACH_RETRY_MS = 20;

/** Size of the root disk as the guest sees it, in bytes. */
export async function diskBytes(qmpSocket: string): Promise<number> {
  const client = await QmpClient.connect(qmpSocket);
  try {
    const nodes = (await client.execute('query-named-block-nodes', { flat: true })) as readonly BlockNode[];
    const bytes = nodes.find((node) => node['node-name'] === DISK)?.image?.['virtual-size'];
    if (typeof bytes !== 'number') throw new Error(`QEMU has no disk called ${DISK}`);
    return bytes;
  } finally {
    client.close();
  }
}

interface BlockNode {
  readonly 'node-name'?: string;
  readonly image?: { readonly 'virtual-size'?: number };
}

/**
 * Copies the disk of a running VM as it is at this moment, while the guest continues to write: QEMU copies what is about
 * to be overwritten first (docs/interop/live-block-operations.rst, "blockdev-backup"). What the guest has not written
 * back yet is missing, as after a power cut.
 */
export async function backUpDisk(request: BackupRequest): Promise<void> {
  let end: (problem: string | undefined) => void = () => undefined;
  const ended = new Promise<string | undefined>((done) => {
    end = done;
  });
  const client = await QmpClient.connect(request.qmpSocket, { onEvent: (event) => settle(event, end) });
  void client.closed.then(() => end('QEMU ended meanwhile'));
  try {
    await endStaleBackup(client);
    const file = { driver: 'file', filename: request.target };
    await client.execute('blockdev-add', { driver: 'qcow2', 'node-name': JOB, file });
    try {
      await client.execute('blockdev-backup', { 'job-id': JOB, device: DISK, target: JOB, sync: 'full' });
      const problem = await watch(client, request, ended);
      if (problem !== undefined) throw new Error(problem);
    } finally {
      await detach(client);
    }
  } finally {
    client.close();
  }
}

/** A killed `castra export` leaves QEMU copying for no reader. The project lock says that it is not another one's. */
async function endStaleBackup(client: QmpClient): Promise<void> {
  const nodes = (await client.execute('query-named-block-nodes', { flat: true })) as readonly BlockNode[];
  if (!nodes.some((node) => node['node-name'] === JOB)) return;
  // It may have ended on its own since we looked; what is left of it is detached either way.
  await client.execute('block-job-cancel', { device: JOB, force: true }).catch(() => undefined);
  await detach(client);
}

function settle({ event, data }: QmpEvent, done: (problem: string | undefined) => void): void {
  if (data.device !== JOB) return;
  if (event === 'BLOCK_JOB_COMPLETED') done(typeof data.error === 'string' ? data.error : undefined);
  if (event === 'BLOCK_JOB_CANCELLED') done('it was cancelled');
}

/** Until the job has ended, one way or the other; a cancelled one ends within moments. */
async function watch(
  client: QmpClient,
  { signal, onProgress }: BackupRequest,
  ended: Promise<string | undefined>,
): Promise<string | undefined> {
  // Refused when the job has just ended, which `ended` reports.
  const cancel = () => void client.execute('block-job-cancel', { device: JOB, force: true }).catch(() => undefined);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const timer = setInterval(() => void tellProgress(client, onProgress), PROGRESS_MS);
  try {
    return await ended;
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', cancel);
  }
}

async function tellProgress(client: QmpClient, onProgress: BackupRequest['onProgress']): Promise<void> {
  try {
    const jobs = (await client.execute('query-block-jobs')) as readonly {
      device?: string;
      offset: number;
      len: number;
    }[];
    const job = jobs.find(({ device }) => device === JOB);
    if (job) onProgress(job.offset, job.len);
  } catch {
    // An event reports the job's end; progress is only for display.
  }
}

async function detach(client: QmpClient): Promise<void> {
  for (let attempt = 1; attempt <= DETACH_ATTEMPTS; attempt++) {
    try {
      await client.execute('blockdev-del', { 'node-name': JOB });
      return;
    } catch {
      await delay(DETACH_RETRY_MS);
    }
  }
}
