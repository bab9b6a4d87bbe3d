import type { ImageStep } from '../../contract/images.ts';
import type { HostSettings, ProxySettings } from '../../contract/project.ts';
import type { Digest } from '../../contract/vocabulary.ts';
import { DownloadError } from '../download/downloadError.ts';
import { fetchText } from '../download/fetchText.ts';
import { findTarget } from '../download/findTarget.ts';
import { redactUrl } from '../download/redact.ts';
import { CHECKSUM_PATIENCE_MS } from '../download/timings.ts';
import type { WantedImage } from '../wantedImage.ts';
import { type ChecksumFile, checksumFiles, fileNames } from './checksumFiles.ts';
import { findChecksum } from './checksums.ts';

export type Publisher =
  | { readonly kind: 'says'; readonly digest: Digest }
  /** With the names that were looked for, for people. */
  | { readonly kind: 'silent'; readonly lookedFor: readonly string[] };

export interface AskRun {
  readonly report: (step: ImageStep) => void;
  readonly signal: AbortSignal;
}

/** At the same time: few enough for servers that count connections. */
const AT_ONCE = 4;

/**
 * Asks for the checksum files beside an image, then for those beside what its URL redirects to. A server that refuses a
 * file has none; one that cannot be reached fails the download: otherwise an attacker on the network could have any
 * image trusted on first use.
 */
export async function askPublisher({ urls }: WantedImage, settings: HostSettings, run: AskRun): Promise<Publisher> {
  const [url = ''] = urls;
  const { proxy } = settings;
  run.report({ type: 'image.checksum-wanted', url: redactUrl(url) });
  const search: Search = { run, proxy, isPatient: true };
  const digest = await askBeside(url, search);
  if (digest) return { kind: 'says', digest };
  const lookedFor = checksumFiles(url).map(({ label }) => label);
  const target = await findTarget(url, { proxy, signal: run.signal, patienceMs: CHECKSUM_PATIENCE_MS });
  if (target === undefined) return { kind: 'silent', lookedFor };
  const there = await askBeside(target, search);
  if (there) return { kind: 'says', digest: there };
  return { kind: 'silent', lookedFor: [...lookedFor, `the same beside ${redactUrl(new URL(target).origin)}`] };
}

interface Search {
  readonly run: AskRun;
  readonly proxy: ProxySettings | undefined;
  /** Until a server answers no: one that is busy for one file is busy for all, and is not asked for each again. */
  isPatient: boolean;
}

async function askBeside(url: string, search: Search): Promise<Digest | undefined> {
  const names = fileNames(url);
  const files = checksumFiles(url);
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const asked = files.slice(at, at + AT_ONCE);
    const answers = await Promise.allSettled(asked.map((file) => fetchIfThere(file, search)));
    for (const [index, answer] of answers.entries()) {
      const text = answer.status === 'fulfilled' ? answer.value : undefined;
      const digest = text === undefined ? undefined : findChecksum(text, names, asked[index]?.alone ?? false);
      if (digest) return digest;
    }
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
  }
  return undefined;
}

async function fetchIfThere({ url }: ChecksumFile, search: Search): Promise<string | undefined> {
  const { run, proxy, isPatient } = search;
  try {
    return await fetchText(url, {
      signal: run.signal,
      patienceMs: CHECKSUM_PATIENCE_MS,
      ...(proxy ? { proxy } : {}),
      ...(isPatient ? {} : { timings: { retries: 0 } }),
      onRetry: (reason, delayMs) => run.report({ type: 'image.retrying', url: redactUrl(url), reason, delayMs }),
    });
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    if (error.kind !== 'http' && error.kind !== 'size') throw error;
    // Object stores answer 403 for files that do not exist; a file that is too large lists something else.
    if (error.isPassing) search.isPatient = false;
    return undefined;
  }
}
