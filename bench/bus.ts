// The bus against nats-server, mosquitto and aedes: `npm run bench:bus`.
//
// Publishers and subscribers are processes of their own, over loopback, with 200-byte JSON payloads. Brokers take turns,
// since the machine's speed changes: what counts is the ratio within one run.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Peer, type PeerName, peers, startPeer } from './bus/peers.ts';

const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 200_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const WORKER = fileURLToPath(new URL('./bus/worker.js', import.meta.url));

interface Sample {
  readonly perSecond: number;
  readonly lost: number;
}

const names = (process.argv[2]?.split(',') ?? Object.keys(peers)) as PeerName[];
const table = new Map<string, Sample[]>();
for (let round = 0; round < ROUNDS; round++) {
  for (const name of names) {
    for (const subscribers of [1, 10]) {
      const peer = await startPeer(name);
      if (peer === undefined) continue;
      try {
        const sample = await throughput(peer, subscribers);
        const key = `${name} 1:${subscribers}`;
        table.set(key, [...(table.get(key) ?? []), sample]);
        console.log(`${key.padEnd(28)} ${Math.round(sample.perSecond / 1000)} k/s, lost ${sample.lost}`);
      } finally {
        await peer.stop();
      }
    }
  }
}
console.log('\nmedians of deliveries per second');
for (const [key, samples] of table) {
  const sorted = samples.map(({ perSecond }) => perSecond).sort((a, b) => a - b);
  console.log(`${key.padEnd(28)} ${Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) / 1000)} k/s`);
}

async function throughput(peer: Peer, subscribers: number): Promise<Sample> {
  const listening = await Promise.all(Array.from({ length: subscribers }, () => worker('subscribe', peer, MESSAGES)));
  const publisher = await worker('publish', peer, MESSAGES);
  const results = listening.map((child) => answer(child, 'done'));
  publisher.send({ go: true });
  const ended = (await Promise.all(results)) as { first: number; last: number; received: number }[];
  publisher.kill();
  const first = Math.min(...ended.map((one) => one.first));
  const last = Math.max(...ended.map((one) => one.last));
  const received = ended.reduce((sum, one) => sum + one.received, 0);
  return { perSecond: (received / (last - first)) * 1000, lost: MESSAGES * subscribers - received };
}

async function worker(role: string, peer: Peer, count: number): Promise<ChildProcess> {
  const child = fork(WORKER, [role, peer.client, JSON.stringify(peer.address), String(count)]);
  await answer(child, 'ready');
  return child;
}

function answer(child: ChildProcess, kind: string): Promise<unknown> {
  return new Promise((done, fail) => {
    child.on('message', (message: { kind: string }) => message.kind === kind && done(message));
    child.once('exit', (code) => fail(new Error(`a worker ended with ${code}`)));
  });
}
