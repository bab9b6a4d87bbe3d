// How much later than by hand a command runs in a new VM. Both ways start the same QEMU command line over a fresh
// overlay of the test guest and end when `true` has run over ssh; by hand, the system's ssh is tried every 50 ms.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { UpOutcome } from '../runtime/contract/vms.ts';
import { projectFiles } from '../runtime/state/layout.ts';
import { end, prepareByHand, type RecordedStart, recordStart, startByHand } from './byHand.ts';
import { CLI, inTemporaryFolder, median, type RunOptions, run, timeMs } from './run.ts';

const VM = 'web-0';
const RUNS = 8;
const WARM_UP = 1;
const RETRY_MS = 50;
const GIVE_UP_MS = 60_000;

interface Started extends RecordedStart {
  readonly elapsedMs: number;
  readonly sshConfig: string;
}

function withCastra(options: RunOptions): Started {
  let output = '';
  const elapsedMs = timeMs(() => {
    output = run(process.execPath, [CLI, 'up', '--json'], options);
    run(process.execPath, [CLI, 'ssh', VM, '--', 'true'], options);
  });
  const last = JSON.parse(output.trim().split('\n').at(-1) ?? '') as { outcome: UpOutcome };
  const [vm] = last.outcome.vms;
  if (vm?.result !== 'ready') throw new Error(output);
  const sshConfig = saveSshFiles(last.outcome.stateRoot);
  return { ...recordStart(last.outcome.stateRoot, VM, vm.launch), elapsedMs, sshConfig };
}

/** `down` takes stopped VMs out of them. */
function saveSshFiles(stateRoot: string): string {
  const { sshConfig, knownHosts } = projectFiles(stateRoot);
  copyFileSync(knownHosts, `${knownHosts}.copy`);
  const text = readFileSync(sshConfig, 'utf8').replaceAll(knownHosts, `${knownHosts}.copy`);
  writeFileSync(`${sshConfig}.copy`, text);
  return `${sshConfig}.copy`;
}

async function byHand(start: Started): Promise<number> {
  prepareByHand(start);
  const began = performance.now();
  const child = startByHand(start);
  try {
    while (spawnSync('ssh', ['-F', start.sshConfig, `castra-bench-${VM}`, 'true'], { stdio: 'ignore' }).status !== 0) {
      if (performance.now() - began > GIVE_UP_MS) throw new Error('the guest does not answer');
      await delay(RETRY_MS);
    }
    return performance.now() - began;
  } finally {
    await end(child);
  }
}

function writeProject(folder: string, image: string): void {
  const vm = `[[vms]]\nname = "web"\nbase_image = ${JSON.stringify(image)}\ncpus = 1\nmemory = "256 MiB"\n`;
  writeFileSync(join(folder, 'castra.toml'), `version = "0.2.0"\n[project]\nname = "bench"\n${vm}`);
}

await inTemporaryFolder(async (folder) => {
  const image = run(join(process.cwd(), 'test/guest/build'), []).trim();
  const options = {
    cwd: folder,
    env: { ...process.env, CASTRA_HOME: join(folder, 'home'), CASTRA_ACCELERATOR: 'tcg' },
  };
  writeProject(folder, image);
  const pairs: { readonly castra: number; readonly hand: number }[] = [];
  for (let round = 0; round < WARM_UP + RUNS; round++) {
    const start = withCastra(options);
    run(process.execPath, [CLI, 'down', '--graceful-wait-secs', '0'], options);
    const hand = await byHand(start);
    if (round >= WARM_UP) pairs.push({ castra: start.elapsedMs, hand });
  }
  const show = (name: string, values: readonly number[]) =>
    console.log(`${name.padEnd(34)} median ${median(values).toFixed(0)} ms, min ${Math.min(...values).toFixed(0)} ms`);
  show(
    'castra up, castra ssh -- true',
    pairs.map(({ castra }) => castra),
  );
  show(
    'QEMU by hand, ssh every 50 ms',
    pairs.map(({ hand }) => hand),
  );
  show(
    'difference',
    pairs.map(({ castra, hand }) => castra - hand),
  );
});
