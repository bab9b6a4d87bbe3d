import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { brokerArguments } from '../../runtime/broker/arguments.ts';
import { runningBroker } from '../../runtime/broker/records/brokerRecord.ts';
import { DEFAULT_QUEUE } from '../../runtime/broker/settings.ts';
import { findExecutable } from '../../runtime/process/spawn.ts';
import { projectFiles } from '../../runtime/state/layout.ts';

/** A broker that runs, and how its clients reach it. */
export interface Peer {
  readonly client: 'castra' | 'nats' | 'mqtt';
  readonly address: { readonly port: number; readonly token?: string };
  stop(): Promise<void>;
}

export const peers = {
  castra: () => startCastra(false),
  'castra, journal': () => startCastra(true),
  'nats-server': startNats,
} as const;

export type PeerName = keyof typeof peers;

export async function startPeer(name: PeerName): Promise<Peer | undefined> {
  const peer = await peers[name]();
  if (peer === undefined) console.log(`${name}: its program is not installed (apt-get install ${name})`);
  return peer;
}

async function startCastra(journal: boolean): Promise<Peer> {
  const root = mkdtempSync(join(tmpdir(), 'castra-bus-'));
  const files = projectFiles(root);
  writeFileSync(files.id, `${randomUUID()}\n`);
  mkdirSync(files.logs);
  const logs = { maxBytes: 64 * 1024 * 1024, keep: 2 };
  const args = brokerArguments(root, {
    ...{ port: 0, isDefaultPort: false, auth: 'token', journal, slowConsumer: 'drop-oldest', publishRate: 0, logs },
    queue: { ...DEFAULT_QUEUE, bytes: 256 * 1024 * 1024, messages: 1_000_000 },
  });
  const child = spawn(process.execPath, ['dist/cli.js', ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  while (runningBroker(root)?.pid !== child.pid) await delay(5);
  const port = runningBroker(root)?.port ?? 0;
  const token = readFileSync(files.hostToken, 'utf8').trim();
  return {
    client: 'castra',
    address: { port, token },
    async stop() {
      await end(child);
      rmSync(root, { recursive: true });
    },
  };
}

async function startNats(): Promise<Peer | undefined> {
  const program = findExecutable('nats-server') ?? findExecutable('/usr/sbin/nats-server');
  if (program === undefined) return undefined;
  const port = await freePort();
  const child = spawn(program, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  await listening(port);
  return { client: 'nats', address: { port }, stop: () => end(child) };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGTERM');
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await delay(10);
  }
}
