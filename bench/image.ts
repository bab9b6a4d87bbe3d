// What a download with all its checks costs beside curl, tee and sha256sum: `npm run bench:image`.
//
// Both fetch a file from a server on this machine, write it and hash it; the clock holds the start of the programs.
// Castra's side is a small script around the download engine, bundled as dist/ is.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { inTemporaryFolder, median, run, timeMs } from './run.ts';

const WARM_UP = 1;
const RUNS = 9;
const MIB = 1024 * 1024;
const FILE_MIB = 200;

/** What is compared with curl. It must fail when the digest does not match. */
interface Contender {
  readonly name: string;
  readonly command: (url: string, target: string, sha256: string) => readonly [program: string, ...args: string[]];
  /** From what it printed. */
  readonly peakRssMiB: (output: string) => number;
}

const ENGINE: Contender = {
  name: 'castra download engine',
  command(url, partial, hex) {
    const request = { urls: [url], partial, digest: { algorithm: 'sha256', hex } };
    return [process.execPath, join(process.cwd(), '.cache', 'bench', 'fetch.mjs'), JSON.stringify(request)];
  },
  peakRssMiB: (output) => Number(/"peakRssKiB":(\d+)/.exec(output)?.[1]) / 1024,
};

interface TestFile {
  readonly path: string;
  readonly sha256: string;
}

/** Random bytes: a file system or a network that compresses must not win anything. */
function makeFile(path: string): TestFile {
  const hash = createHash('sha256');
  const descriptor = openSync(path, 'wx', 0o600);
  const block = Buffer.alloc(MIB);
  for (let written = 0; written < FILE_MIB; written++) {
    hash.update(randomFillSync(block));
    writeSync(descriptor, block);
  }
  closeSync(descriptor);
  return { path, sha256: hash.digest('hex') };
}

/** In a process of its own, so that it shares no event loop with anything measured. */
const SERVER = `
const { createServer } = require('node:http');
const { createReadStream, statSync } = require('node:fs');
const path = process.argv[1];
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-length': statSync(path).size });
  createReadStream(path, { highWaterMark: 1024 * 1024 }).pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

async function startServer(path: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, ['-e', SERVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { child, url: `http://127.0.0.1:${String(line).trim()}/image` };
}

function byCurl(url: string, target: string, sha256: string): void {
  const script = 'curl -s "$1" | tee "$2" | sha256sum';
  const output = run('bash', ['-o', 'pipefail', '-c', script, 'bash', url, target]);
  if (!output.startsWith(sha256)) throw new Error(`curl got another file: ${output}`);
}

interface Measured {
  readonly curl: number[];
  readonly castra: number[];
  readonly rssMiB: number[];
}

/** Alternating, so that a busy moment of the machine falls on both. */
function measure(contender: Contender, file: TestFile, url: string, folder: string): Measured {
  const measured: Measured = { curl: [], castra: [], rssMiB: [] };
  for (let round = 0; round < WARM_UP + RUNS; round++) {
    const target = join(folder, `copy-${round}`);
    const curl = timeMs(() => byCurl(url, target, file.sha256));
    rmSync(target);
    const [program, ...args] = contender.command(url, target, file.sha256);
    let output = '';
    const castra = timeMs(() => {
      output = run(program, args);
    });
    rmSync(target, { force: true });
    if (round < WARM_UP) continue;
    measured.curl.push(curl);
    measured.castra.push(castra);
    measured.rssMiB.push(contender.peakRssMiB(output));
  }
  return measured;
}

const numbers = (values: readonly number[]): string =>
  `median ${median(values).toFixed(0)} ms, min ${Math.min(...values).toFixed(0)} ms, max ${Math.max(...values).toFixed(0)} ms`;

await inTemporaryFolder(async (folder) => {
  const file = makeFile(join(folder, 'image'));
  const { child, url } = await startServer(file.path);
  try {
    const { curl, castra, rssMiB } = measure(ENGINE, file, url, folder);
    console.log(`${'curl | tee | sha256sum'.padEnd(26)}${numbers(curl)}`);
    console.log(`${ENGINE.name.padEnd(26)}${numbers(castra)}, peak RSS ${Math.max(...rssMiB).toFixed(0)} MiB`);
    console.log(
      `ratio of medians ${(median(castra) / median(curl)).toFixed(2)}, ${RUNS} alternating runs of ${FILE_MIB} MiB`,
    );
  } finally {
    child.kill('SIGTERM');
  }
});
