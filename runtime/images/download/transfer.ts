import type { ImageStep } from '../../contract/images.ts';
import type { Connection, Response } from './connection.ts';
import { AttemptFailure } from './downloadError.ts';
import { type PartialFile, sizeFailure } from './partialFile.ts';
import { readOrigin, rememberOrigin, sourceOf, validatorOf } from './partialOrigin.ts';
import { redactUrl } from './redact.ts';
import { judgeReply, type Reply } from './reply.ts';

/** One download, as its attempts share it. */
export interface Transfer {
  readonly file: PartialFile;
  /** Bytes of the whole file, when that is known before any server says so. */
  readonly expected: number | undefined;
  /** A digest will decide in the end, so bytes of several mirrors may be joined. */
  readonly proven: boolean;
  readonly progressMs: number;
  readonly report: (step: ImageStep) => void;
  /** Called with each reply, whatever it says. */
  readonly onReply: () => void;
}

/** Asks `url` for what is missing and appends it. Whole when it returns; kept as far as it came when it throws. */
export async function transferOnce(transfer: Transfer, url: string, connection: Connection): Promise<void> {
  const { file } = transfer;
  const ifRange = await prepareResume(transfer, url);
  const response = await connection.get(resumeHeaders(file.size, ifRange));
  transfer.onReply();
  const reply = judgeReply(response, file.size, transfer.expected);
  if (reply.kind === 'complete' && (transfer.expected ?? reply.total) === reply.total) return;
  if (reply.kind === 'complete' || reply.kind === 'unfit' || isOtherFile(transfer, reply)) {
    await discard(transfer, reply.kind === 'unfit' ? reply.reason : 'the file on the server has another size');
    // Without a beginning no range is asked for, so this happens once.
    return transferOnce(transfer, url, connection);
  }
  const total = checkTotal(transfer, reply.total);
  if (reply.kind === 'whole') await beginAnew(transfer, url, response, total);
  await receive(transfer, url, response, total);
}

/** What to send as If-Range. A beginning of which nothing proves that it belongs to this URL's file is discarded. */
async function prepareResume(transfer: Transfer, url: string): Promise<string | undefined> {
  if (transfer.file.size === 0) return undefined;
  const origin = readOrigin(transfer.file.path);
  const validator = origin?.source === sourceOf(url) ? origin.validator : undefined;
  if (validator === undefined && !transfer.proven) {
    await discard(transfer, 'without a checksum, the rest may belong to another file');
  }
  return validator;
}

function resumeHeaders(have: number, ifRange: string | undefined): Record<string, string> {
  if (have === 0) return {};
  return { range: `bytes=${have}-`, ...(ifRange === undefined ? {} : { 'if-range': ifRange }) };
}

/** Another mirror's file of another size cannot be the one that the beginning is from. */
function isOtherFile(transfer: Transfer, reply: Reply): boolean {
  if (reply.kind !== 'rest' || reply.total === undefined || transfer.expected !== undefined) return false;
  const known = readOrigin(transfer.file.path)?.total;
  return known !== undefined && known !== reply.total;
}

/** The size of the whole file, as far as it is known; refuses a reply before a byte of a wrong file is taken. */
function checkTotal({ expected }: Transfer, total: number | undefined): number | undefined {
  if (expected !== undefined && total !== undefined && total !== expected) throw sizeFailure(total, expected);
  return expected ?? total;
}

async function beginAnew(transfer: Transfer, url: string, response: Response, total?: number): Promise<void> {
  if (transfer.file.size > 0) await discard(transfer, 'the server sends the file from its beginning');
  const validator = validatorOf(response);
  rememberOrigin(transfer.file.path, {
    source: sourceOf(url),
    ...(validator === undefined ? {} : { validator }),
    ...(total === undefined ? {} : { total }),
  });
}

/** Empties the partial file and says so. */
export async function discard({ file, report }: Transfer, reason: string): Promise<void> {
  await file.restart();
  report({ type: 'image.discarded', path: file.path, reason });
}

async function receive(transfer: Transfer, url: string, response: Response, total?: number): Promise<void> {
  const { file, report } = transfer;
  const common = { url: redactUrl(url), ...(total === undefined ? {} : { totalBytes: total }) };
  report({ type: 'image.download-started', ...common, resumedBytes: file.size });
  file.sources.add(url);
  let toldAt = performance.now();
  for await (const chunk of response.body) {
    if (total !== undefined && file.size + chunk.length > total) throw await tooLong(transfer, total);
    const room = file.append(chunk);
    if (room) await room;
    if (performance.now() - toldAt < transfer.progressMs) continue;
    toldAt = performance.now();
    report({ type: 'image.progress', ...common, receivedBytes: file.size });
  }
  await file.flush();
  report({ type: 'image.progress', ...common, receivedBytes: file.size });
  if (total !== undefined && file.size < total) {
    throw new AttemptFailure('network', `the reply ended after ${file.size} of ${total} bytes`, 'later');
  }
}

async function tooLong(transfer: Transfer, total: number): Promise<AttemptFailure> {
  await discard(transfer, `it is larger than the expected ${total} bytes`);
  return sizeFailure(`more than ${total}`, total);
}
