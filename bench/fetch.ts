// One download in a process of its own: `node .cache/bench/fetch.mjs REQUEST`, a DownloadRequest as JSON. Prints each
// event and then the end as lines of JSON. For bench/image.ts, and for tests that kill or confine such a process.
import { CastraError } from '../runtime/contract/failures.ts';
import { type DownloadRequest, download } from '../runtime/images/download/download.ts';
import { DownloadError } from '../runtime/images/download/downloadError.ts';

const request = JSON.parse(process.argv[2] ?? '') as DownloadRequest;
const print = (line: object): void => console.log(JSON.stringify(line));
try {
  const downloaded = await download(request, { report: print, signal: new AbortController().signal });
  print({ type: 'done', downloaded, peakRssKiB: process.resourceUsage().maxRSS });
} catch (error) {
  if (!(error instanceof DownloadError || error instanceof CastraError)) throw error;
  print({ type: 'failed', message: error.message, ...(error instanceof DownloadError ? { kind: error.kind } : {}) });
  process.exitCode = 1;
}
