// What a download with all its checks costs beside curl, tee and sha256sum: `npm run bench:image`.
//
// Both fetch a file from a server on this machine, write it and hash it; the clock holds the start of the programs.
// Castra's side is `castra images pull`, which also checks that the image is whole, and puts it into the cache.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, inTemporaryFolder, median, run, timeMs } from './run.ts';

const WARM_UP = 1;
const RUNS = 9;
const MIB = 1024 * 1024;
const FILE_MIB = 200;

/** What is compared with curl. It must fail when the digest does not match. */
interface Contender {
  readonly name: string;
  readonly command: (url: string, home: string, sha256: string) => readonly [program: string, ...args: string[]];
  /** What is removed of its home before the next run. */
  readonly made: string;
}

const PULL: Contender = {
  name: 'castra images pull',
  command(url, home, sha256) {
    return ['env', `CASTRA_HOME=${home}`, process.execPath, CLI, 'images', 'pull', url, '--sha256', sha256];
  },
  // An image that is cached is not downloaded; the compiled code of the command line stays, as users have it.
  made: 'images',
};

interface TestFile {
  readonly path: string;
  readonly sha256: string;
}

/** A qcow2 image with random bytes: a file system or a network that compresses must not win anything. */
function makeFile(folder: string): TestFile {
  const raw = join(folder, 'raw');
  const descriptor = openSync(raw, 'wx', 0o600);
  const block = Buffer.alloc(MIB);
  for (let written = 0; written < FILE_MIB; written++) writeSync(descriptor, randomFillSync(block));
  closeSync(descriptor);
  const path = join(folder, 'image.qcow2');
  run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, path]);
  rmSync(raw);
  return { path, sha256: run('sha256sum', [path]).slice(0, 64) };
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

/** Runs a program and returns its peak memory in KiB (getrusage), which Node cannot read of a child. */
const PEAK = `
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
`;

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
    const home = join(folder, 'home');
    const [program, ...args] = contender.command(url, home, file.sha256);
    let output = '';
    const castra = timeMs(() => {
      output = run('python3', ['-c', PEAK, program, ...args]);
    });
    rmSync(join(home, contender.made), { recursive: true });
    if (round < WARM_UP) continue;
    measured.curl.push(curl);
    measured.castra.push(castra);
    measured.rssMiB.push(Number(/^peak (\d+)$/m.exec(output)?.[1]) / 1024);
  }
  return measured;
}

const numbers = (values: readonly number[]): string =>
  `median ${median(values).toFixed(0)} ms, min ${Math.min(...values).toFixed(0)} ms, max ${Math.max(...values).toFixed(0)} ms`;

await inTemporaryFolder(async (folder) => {
  const file = makeFile(folder);
  const { child, url } = await startServer(file.path);
  try {
    const { curl, castra, rssMiB } = measure(PULL, file, url, folder);
    console.log(`${'curl | tee | sha256sum'.padEnd(26)}${numbers(curl)}`);
    console.log(`${PULL.name.padEnd(26)}${numbers(castra)}, peak RSS ${Math.max(...rssMiB).toFixed(0)} MiB`);
    console.log(
      `ratio of medians ${(median(castra) / median(curl)).toFixed(2)}, ${RUNS} alternating runs of ${FILE_MIB} MiB`,
    );
  } finally {
    child.kill('SIGTERM');
  }
});
