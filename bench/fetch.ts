// What bench/image.ts measures: one download by the engine, `fetch.mjs URL FILE SHA256`. Prints its peak RSS in KiB.
import { download } from '../runtime/images/download.ts';

const [url = '', partial = '', hex = ''] = process.argv.slice(2);
await download(
  { urls: [url], partial, digest: { algorithm: 'sha256', hex } },
  { report: () => undefined, signal: new AbortController().signal },
);
console.log(process.resourceUsage().maxRSS);
