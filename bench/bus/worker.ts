// A publisher or a subscriber of one broker, in a process of its own.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { BusClient } from '../../runtime/broker/client/busClient.ts';

const [role, client, address, count] = process.argv.slice(2);
const { port, token } = JSON.parse(address ?? '') as { port: number; token: string };
const messages = Number(count);
const PAYLOAD = { at: 0, text: 'x'.repeat(175) };
/** Messages before the socket is given time to empty. */
const BATCH = 500;
const IDLE_MS = 3_000;

interface Bus {
  publish(payload: unknown): void | Promise<void>;
  pause(): Promise<void>;
  subscribe(take: (payload: unknown) => void): Promise<void>;
}

const bus = client === 'nats' ? await nats() : await castra();
if (role === 'subscribe') await subscribe();
else await publish();

async function castra(): Promise<Bus> {
  const connection = await BusClient.connect({ port, token });
  return {
    publish: (payload) => connection.publish('bench', payload, { ack: false }),
    pause: () => new Promise((done) => setImmediate(done)),
    async subscribe(take) {
      const incoming = await connection.subscribe('bench');
      void (async () => {
        for await (const { payload } of incoming) take(payload);
      })();
    },
  };
}

async function nats(): Promise<Bus> {
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  return {
    publish: (payload) => connection.publish('bench', JSON.stringify(payload)),
    pause: () => connection.flush(),
    async subscribe(take) {
      connection.subscribe('bench', { callback: (_, message) => take(message.json()) });
      await connection.flush();
    },
  };
}

async function subscribe(): Promise<void> {
  let received = 0;
  let first = 0;
  let last = 0;
  await bus.subscribe(() => {
    received += 1;
    if (received === 1) first = Date.now();
    if (received === messages) report();
    if (received % 1000 === 0 || received === messages) last = Date.now();
  });
  process.send?.({ kind: 'ready' });
  const report = () => process.send?.({ kind: 'done', first, last: Date.now(), received }, () => process.exit(0));
  for (let before = -1; before !== received || received === 0; ) {
    before = received;
    await delay(IDLE_MS);
  }
  process.send?.({ kind: 'done', first, last, received }, () => process.exit(0));
}

async function publish(): Promise<void> {
  process.send?.({ kind: 'ready' });
  await new Promise((done) => process.once('message', done));
  for (let sent = 0; sent < messages; sent += BATCH) {
    for (let at = 0; at < BATCH; at++) {
      const waiting = bus.publish(PAYLOAD);
      if (at === BATCH - 1) await waiting;
    }
    await bus.pause();
  }
}
