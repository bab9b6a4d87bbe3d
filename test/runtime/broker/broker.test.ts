import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { BusClient } from '../../../runtime/broker/client/busClient.ts';
import type { BusMessage } from '../../../runtime/broker/client/inbox.ts';
import { encodeFrame } from '../../../runtime/broker/protocol/frames.ts';
import { readHandshake } from '../../../runtime/broker/records/handshakeRecord.ts';
import type { BrokerSettings } from '../../../runtime/broker/settings.ts';
import { projectFiles, vmFiles } from '../../../runtime/state/layout.ts';
import { type BrokerRig, brokerRig, type Json, launchRecord, tokenOf } from '../../support/brokerRig.ts';
import { tempFolder } from '../../support/tempProject.ts';

let rig: BrokerRig | undefined;
afterEach(async () => {
  await rig?.dispose();
  rig = undefined;
});

async function start(changes: Partial<BrokerSettings> = {}): Promise<BrokerRig> {
  rig = await brokerRig(changes);
  return rig;
}

const linesOf = (path: string): Json[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);

async function take(messages: AsyncIterator<BusMessage>, count: number): Promise<BusMessage[]> {
  const taken: BusMessage[] = [];
  while (taken.length < count) {
    const next = await messages.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 20_000; !holds(); await delay(10))
    assert.ok(performance.now() < deadline, what);
}

describe('the original’s protocol', () => {
  it('is spoken byte for byte', async () => {
    const { raw } = await start({ auth: 'none' });
    const client = await raw();
    assert.equal(await client.line(), 'castra-broker 0.1 ready');
    client.write('hello vm:web-0 capabilities=bus-v1\n');
    assert.match(await client.line(), /^ok session=sess-\d+-1$/);
    client.write(Buffer.concat([Buffer.from([0, 0, 0, 0x14]), Buffer.from('{"type":"heartbeat"}')]));
    assert.equal(await client.text(), '{"ack":"heartbeat","status":"ok","type":"ack"}');
    client.send({ type: 'publish', topic: 'broadcast', payload: { event: 'ready', n: 1 } });
    assert.equal(await client.text(), '{"ack":"publish","status":"ok","topic":"broadcast","type":"ack"}');
    client.send({ type: 'publish', payload: 1 });
    assert.equal(await client.text(), '{"ack":"publish","status":"ok","type":"ack"}');
    client.send({ type: 'subscribe' });
    assert.equal(await client.text(), '{"ack":"subscribe","reason":"missing topic","status":"error","type":"ack"}');
    for (let n = 0; n < 16; n++) {
      client.send({ type: 'subscribe', topic: `t.${n}` });
      assert.equal((await client.frame()).status, 'ok');
    }
    client.send({ type: 'subscribe', topic: 'one.more' });
    assert.equal((await client.frame()).reason, 'subscription limit 16 exceeded');
  });

  it('answers a guest without `bus-v1` with `ok`, and knows that it is there', async () => {
    const { raw, root } = await start({ auth: 'none' });
    const client = await raw();
    await client.line();
    client.write('hello vm:web-0 capabilities=ssh\n');
    assert.equal(await client.rest(), 'ok\n');
    assert.deepEqual(readHandshake(root, 'web-0')?.capabilities, ['ssh']);
  });

  it('takes a hello that ends with its stream', async () => {
    const { raw } = await start({ auth: 'none' });
    const client = await raw();
    await client.line();
    client.socket.end('hello vm:web-0');
    assert.equal(await client.rest(), 'ok\n');
  });

  it('ends with the reason, which is not lost, when the stream is', async () => {
    const { guest, root } = await start();
    for (const [bytes, reason] of [
      [Buffer.from([0, 1, 0, 1]), 'invalid frame length 65537'],
      [encodeFrame('{"type":'), 'invalid JSON'],
      [encodeFrame('[]'), 'a frame is a JSON object'],
    ] as const) {
      const client = await guest('web-0');
      client.write(bytes);
      assert.match(await client.rest(), new RegExp(`^error: ${reason}.*\\n$`));
    }
    const events = linesOf(join(projectFiles(root).handshakes, 'bus-events.jsonl'));
    assert.deepEqual(
      events.map(({ reason, action }) => `${reason} ${action}`),
      Array(3).fill('protocol_error disconnect'),
    );
  });

  it('records a clean close as clean', async () => {
    const { guest, root } = await start();
    (await guest('web-0')).socket.end();
    await eventually('the session is over', () => readHandshake(root, 'web-0')?.bus?.last_heartbeat_ts === undefined);
    assert.throws(() => statSync(join(projectFiles(root).handshakes, 'bus-events.jsonl')), /ENOENT/);
  });
});

describe('who may connect', () => {
  const refusal = async ({ raw }: BrokerRig, hello: string) => {
    const client = await raw();
    await client.line();
    client.write(`${hello}\n`);
    return (await client.rest()).trimEnd();
  };

  it('is who has the token of this launch', async () => {
    const broker = await start();
    assert.equal(await refusal(broker, 'hello vm:web-0 capabilities=bus-v1'), 'error: bad-token');
    assert.equal(await refusal(broker, 'hello vm:web-0 capabilities=bus-v1 token=x'), 'error: bad-token');
    assert.equal(
      await refusal(broker, `hello vm:db-0 capabilities=bus-v1 token=${tokenOf('web-0')}`),
      'error: bad-token',
    );
    assert.equal(readHandshake(broker.root, 'web-0'), undefined, 'it does not count as reachable');
    await broker.guest('web-0');
    const before = tokenOf('web-0');
    launchRecord(broker.root, 'web-0');
    writeFileSync(vmFiles(broker.root, 'web-0').token, 'another launch');
    assert.equal(await refusal(broker, `hello vm:web-0 capabilities=bus-v1 token=${before}`), 'error: bad-token');
  });

  it('is a VM that was launched, and the host only with its own token', async () => {
    const broker = await start({ auth: 'none' });
    assert.equal(await refusal(broker, 'hello vm:other capabilities=bus-v1'), 'error: unknown-vm');
    assert.equal(await refusal(broker, 'hello vm:../../etc capabilities=bus-v1'), 'error: unknown-vm');
    assert.equal(await refusal(broker, 'hello vm:web-0 capabilities=bus-v1,host-bus'), 'error: bad-token');
    assert.equal(await refusal(broker, 'hello vm:HOST capabilities=bus-v1'), 'ok');
    await assert.rejects(BusClient.connect({ port: broker.port, token: 'x' }), /refused us: bad-token/);
    const reasons = linesOf(join(projectFiles(broker.root).handshakes, 'handshake-events.jsonl')).map(
      ({ reason }) => reason,
    );
    assert.deepEqual(reasons, ['unknown-vm', 'unknown-vm', 'bad-token', 'reserved-identity', 'bad-token']);
  });

  it('has 5 s to say so, and delays no other', async () => {
    const broker = await start();
    const silent = await Promise.all(Array.from({ length: 130 }, () => broker.raw()));
    const drip = await broker.raw();
    const timer = setInterval(() => drip.write('h'), 200);
    const began = performance.now();
    await broker.guest('web-0');
    assert.ok(performance.now() - began < 2_000, 'a guest is not kept waiting');
    assert.match(await drip.rest(), /error: no handshake/);
    clearInterval(timer);
    assert.ok(performance.now() - began < 8_000);
    for (const one of silent) assert.match(await one.rest(), /error: no handshake/);
  });

  it('is refused politely beyond the limit, and let in again afterwards', async () => {
    const broker = await start();
    const guests = await Promise.all(Array.from({ length: 16 }, () => broker.guest('web-0')));
    await assert.rejects(broker.guest('web-0'), /too-many-sessions/);
    guests[0]?.close();
    await eventually('there is room', () => true);
    await delay(100);
    await broker.guest('web-0');
  });
});

describe('messages', () => {
  it('reach who subscribed, with sender, number and time', async () => {
    const { host, guest } = await start();
    await using bus = await host();
    const messages = await bus.subscribe('metrics.*');
    const web = await guest('web-0');
    web.send({ type: 'publish', topic: 'metrics.cpu', payload: { load: 0.4, name: 'größe' } });
    web.send({ type: 'publish', topic: 'other.cpu', payload: 1 });
    web.send({ type: 'publish', topic: 'metrics.disk', payload: null });
    const [first, second] = await take(messages, 2);
    assert.deepEqual(
      { ...first, time: 0 },
      {
        ...{
          type: 'message',
          from: 'web-0',
          payload: { load: 0.4, name: 'größe' },
          seq: 1,
          time: 0,
          topic: 'metrics.cpu',
        },
      },
    );
    assert.ok(first && Math.abs(first.time - Date.now()) < 60_000);
    assert.deepEqual([second?.seq, second?.topic, second?.payload], [3, 'metrics.disk', null]);
  });

  it('come once to a session, however many of its patterns match, and not after `unsubscribe`', async () => {
    const { host, guest } = await start();
    await using bus = await host();
    const web = await guest('web-0');
    for (const topic of ['a.>', 'a.b', '*.b']) web.send({ type: 'subscribe', topic });
    for (let n = 0; n < 3; n++) assert.equal((await web.frame()).status, 'ok');
    await bus.publish('a.b', 1);
    assert.equal((await web.frame()).payload, 1);
    for (const topic of ['a.>', 'a.b', '*.b']) web.send({ type: 'unsubscribe', topic });
    for (let n = 0; n < 3; n++) assert.equal((await web.frame()).ack, 'unsubscribe');
    await bus.publish('a.b', 2);
    web.send({ type: 'heartbeat' });
    assert.equal((await web.frame()).ack, 'heartbeat', 'nothing came before it');
  });

  it('to `vm:<name>` are heard by that VM and the host alone, also through a wildcard', async () => {
    const { host, guest } = await start();
    await using bus = await host();
    const all = await bus.subscribe('>');
    const [web, db] = [await guest('web-0'), await guest('db-0')];
    web.send({ type: 'subscribe', topic: 'vm:db-0' });
    assert.match(String((await web.frame()).reason), /only the host and db-0/);
    for (const one of [web, db]) {
      one.send({ type: 'subscribe', topic: '>' });
      assert.equal((await one.frame()).status, 'ok');
    }
    await bus.publish('vm:db-0', 'secret');
    await bus.publish('broadcast', 'all');
    await bus.publish('news', 'one', { to: 'db-0' });
    assert.equal((await web.frame()).payload, 'all', 'web-0 heard only that');
    assert.deepEqual(
      [(await db.frame()).payload, (await db.frame()).payload, (await db.frame()).payload],
      ['secret', 'all', 'one'],
    );
    assert.deepEqual(
      (await take(all, 2)).map(({ topic }) => topic),
      ['vm:db-0', 'broadcast'],
    );
  });

  it('below `castra` are orders of the host', async () => {
    const { guest } = await start();
    const web = await guest('web-0');
    for (const frame of [
      { type: 'publish', topic: 'castra.guest.time', payload: { ms: 0 } },
      { type: 'request', id: '1', topic: 'castra.guest.info' },
    ]) {
      web.send(frame);
      assert.match(String((await web.frame()).reason), /only the host publishes below `castra`/);
    }
  });

  it('are counted, and refused above the rate', async () => {
    const { guest, host } = await start({ publishRate: 5 });
    const web = await guest('web-0');
    for (let n = 0; n < 8; n++) web.send({ type: 'publish', topic: 'a', payload: n });
    const answers: unknown[] = [];
    for (let n = 0; n < 8; n++) answers.push((await web.frame()).status);
    assert.deepEqual(answers.sort(), [...Array(3).fill('error'), ...Array(5).fill('ok')]);
    await using bus = await host();
    const { published, sessions } = await bus.stats();
    assert.equal(published, 5);
    assert.equal(sessions.find(({ name }) => name === 'web-0')?.published, 5);
  });
});

describe('what cannot be sent', () => {
  it('is refused at once, and the connection goes on working', async () => {
    const { host } = await start();
    await using bus = await host();
    const long = 'x'.repeat(70_000);
    for (const ack of [true, false]) {
      await assert.rejects(bus.publish('a', long, { ack }), /at most 65536 bytes/);
      await assert.rejects(bus.publish('a b', 1, { ack }), /"a b" is not a topic/);
      await assert.rejects(bus.publish('a', 1, { ack, to: 'x y' }), /"x y" is not the name of a VM/);
    }
    await assert.rejects(bus.request('a', long), /at most 65536 bytes/);
    await assert.rejects(bus.request('t'.repeat(300), 1), /is not a topic/);
    await assert.rejects(bus.subscribe('a.>.b'), /is not a topic, and not a pattern/);
    await bus.publish('a', 'x'.repeat(60_000));
  });
});

describe('requests', () => {
  it('get the first reply of those who subscribed', async () => {
    const { host, guest } = await start();
    await using bus = await host();
    const web = await guest('web-0');
    web.send({ type: 'subscribe', topic: 'calc.*' });
    await web.frame();
    const reply = bus.request('calc.double', 21);
    const asked = await web.frame();
    assert.equal(asked.payload, 21);
    web.send({ type: 'publish', ack: false, topic: asked.inbox, payload: 42 });
    assert.deepEqual(await reply, { from: 'web-0', payload: 42 });
    web.send({ type: 'publish', topic: asked.inbox, payload: 43 });
    assert.equal((await web.frame()).reason, 'the request is over');
  });

  it('fail at once without a subscriber, and at their timeout without a reply', async () => {
    const { host, guest } = await start();
    await using bus = await host();
    await assert.rejects(bus.request('none', 1), /no reply to none: no subscriber/);
    const web = await guest('web-0');
    web.send({ type: 'subscribe', topic: 'mute' });
    await web.frame();
    await assert.rejects(bus.request('mute', 1, { timeoutMs: 50 }), /no reply to mute: timeout/);
  });
});

describe('acknowledgements', () => {
  it('are told apart, although what must be on the disk is acknowledged later than what came after it', async () => {
    const { host } = await start();
    await using bus = await host();
    const order: string[] = [];
    await Promise.all([
      bus.publish('a', 1, { durable: true }).then(() => order.push('durable')),
      bus.publish('a', 2).then(() => order.push('plain')),
    ]);
    assert.deepEqual(order, ['plain', 'durable']);
  });

  it('reach a program that has said all it has to say', async () => {
    const { raw, root } = await start();
    const client = await raw();
    await client.line();
    client.write(`hello vm:web-0 capabilities=bus-v1,bus-lines-v1 token=${tokenOf('web-0')}\n`);
    client.socket.end('{"type":"publish","topic":"a","payload":1}\n');
    assert.match(await client.rest(), /^ok session=.*\n\{"ack":"publish","status":"ok","topic":"a","type":"ack"\}\n$/);
    assert.equal(linesOf(join(projectFiles(root).busLogs, 'bus.log')).length, 1);
  });
});

describe('what was recorded', () => {
  it('is replayed from a number, across rotation, and then live', async () => {
    const { host } = await start({ logs: { maxBytes: 20_000, keep: 9 } });
    await using bus = await host();
    for (let n = 0; n < 500; n++) await bus.publish('a.b', { n, text: 'x'.repeat(100) });
    const messages = await bus.subscribe('a.>', { since: 100 });
    const seen = await take(messages, 400);
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      Array.from({ length: 400 }, (_, at) => at + 101),
    );
    await bus.publish('a.b', 'live');
    assert.equal((await take(messages, 1))[0]?.payload, 'live');
  });

  it('is in one line of `bus.log` and of each VM that it concerns', async () => {
    const { host, guest, root } = await start();
    const web = await guest('web-0');
    web.send({ type: 'publish', topic: 'vm:db-0', payload: { x: 1 } });
    await web.frame();
    await using bus = await host();
    await bus.publish('broadcast', 2);
    const { busLogs } = projectFiles(root);
    const of = (name: string) => linesOf(join(busLogs, `${name}.log`)).map(({ seq }) => seq);
    assert.deepEqual([of('bus'), of('web-0'), of('db-0'), of('host')], [[1, 2], [1], [1], [2]]);
    const [line] = linesOf(join(busLogs, 'web-0.log'));
    assert.deepEqual(Object.keys(line ?? {}), ['payload', 'seq', 'time', 'timestamp', 'topic', 'vm']);
    assert.equal(statSync(join(busLogs, 'bus.log')).mode & 0o777, 0o600);
  });

  it('survives a torn last line, and numbers go on', async () => {
    const broker = await start();
    await using bus = await broker.host();
    await bus.publish('a', 1);
    await bus.close();
    appendFileSync(join(projectFiles(broker.root).busLogs, 'bus.log'), '{"payload":{"n":');
    await broker.restart();
    await using again = await broker.host();
    await again.publish('a', 2);
    const messages = await again.subscribe('a', { since: 0 });
    assert.deepEqual(
      (await take(messages, 2)).map(({ seq, payload }) => [seq, payload]),
      [
        [1, 1],
        [2, 2],
      ],
    );
  });

  it('comes again to a durable subscription until it is acknowledged, also after the broker was started again', async () => {
    const broker = await start();
    const listen = async (count: number) => {
      await using bus = await broker.host();
      const seen: unknown[] = [];
      for await (const { payload } of await bus.subscribe('jobs', { durable: 'worker' })) {
        seen.push(payload);
        if (seen.length === count) break;
      }
      return seen;
    };
    const publish = async (...payloads: unknown[]) => {
      await using bus = await broker.host();
      for (const payload of payloads) await bus.publish('jobs', payload, { durable: true });
    };
    const first = listen(1);
    await delay(100);
    await publish(1, 2, 3);
    assert.deepEqual(await first, [1]);
    await delay(50);
    await broker.restart();
    await publish(4);
    assert.deepEqual(await listen(3), [2, 3, 4]);
    // Who stops in the middle of a message has not dealt with it.
    await publish(5);
    const raw = await broker.host();
    const messages = await raw.subscribe('jobs', { durable: 'worker' });
    assert.equal((await messages.next()).value?.payload, 5);
    await raw.close();
    assert.deepEqual(await listen(1), [5]);
  });

  it('is under way to a durable subscription for a thousand messages, until some are acknowledged', async () => {
    const { host, guest } = await start();
    const web = await guest('web-0');
    web.send({ type: 'subscribe', topic: 'a', durable: 'd' });
    assert.equal((await web.frame()).status, 'ok');
    await using bus = await host();
    for (let n = 1; n <= 1_500; n++) await bus.publish('a', n, { ack: n % 100 === 0 });
    const first: unknown[] = [];
    while (first.length < 1_000) first.push((await web.frame()).payload);
    web.send({ type: 'heartbeat' });
    assert.equal((await web.frame()).ack, 'heartbeat', 'nothing else is under way');
    web.send({ type: 'ack', durable: 'd', seq: 600 });
    const rest: unknown[] = [];
    while (rest.length < 500) rest.push((await web.frame()).payload);
    assert.deepEqual(
      [...first, ...rest],
      Array.from({ length: 1_500 }, (_, at) => at + 1),
    );
  });

  it('that is gone is told as a gap', async () => {
    const broker = await start({ logs: { maxBytes: 2_000, keep: 1 } });
    const web = await broker.guest('web-0');
    await using bus = await broker.host();
    for (let n = 0; n < 200; n++) await bus.publish('a', 'x'.repeat(100));
    web.send({ type: 'subscribe', topic: 'a', since: 1 });
    assert.equal((await web.frame()).type, 'gap');
  });

  it('is refused, and said, without a journal', async () => {
    const { host } = await start({ journal: false });
    await using bus = await host();
    await assert.rejects(bus.subscribe('a', { since: 0 }), /journal` is off/);
    await assert.rejects(bus.publish('a', 1, { durable: true }), /journal` is off/);
    await bus.publish('a', 1);
  });
});

describe('a disk that is full', () => {
  it('is told to who publishes, stops nothing else, and is over when there is room', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can mount a tmpfs');
    const folder = tempFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'castra-test', folder.path]);
    try {
      const broker = await brokerRig({}, { path: folder.path, dispose: async () => undefined });
      rig = broker;
      await using bus = await broker.host();
      const messages = await bus.subscribe('a');
      const fill = join(folder.path, 'fill');
      try {
        writeFileSync(fill, Buffer.alloc(2 * 1024 * 1024));
      } catch {
        // As far as it goes.
      }
      await assert.rejects(bus.publish('a', 'x'.repeat(10_000)), /not recorded: .*ENOSPC/);
      assert.equal((await take(messages, 1)).length, 1, 'it was delivered all the same');
      execFileSync('rm', [fill]);
      await bus.publish('a', 2);
      await broker.dispose();
      rig = undefined;
    } finally {
      execFileSync('umount', [folder.path]);
      await folder.dispose();
    }
  });
});

describe('a client that does not read', () => {
  it('loses its oldest messages, is told of nothing else, and delays no other', async () => {
    const { host, guest, root } = await start({ queue: { bytes: 200_000, messages: 10_000 } });
    const slow = await guest('web-0');
    slow.send({ type: 'subscribe', topic: 'a' });
    await slow.frame();
    slow.socket.pause();
    await using bus = await host();
    const messages = await bus.subscribe('a');
    const count = 20_000;
    const seen = take(messages, count);
    for (let n = 0; n < count; n++) await bus.publish('a', { n, text: 'x'.repeat(500) }, { ack: n % 100 === 0 });
    assert.equal((await seen).length, count);
    const { sessions } = await bus.stats();
    const dropped = sessions.find(({ name }) => name === 'web-0')?.dropped ?? 0;
    assert.ok(dropped > 1_000, `${dropped} dropped`);
    slow.socket.resume();
    let last = -1;
    while (last < count - 1) last = ((await slow.frame()).payload as { n: number }).n;
    const events = linesOf(join(projectFiles(root).handshakes, 'bus-events.jsonl'));
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['slow_consumer'],
      'said once',
    );
  });

  it('is disconnected where the file says so', async () => {
    const { host, guest } = await start({ slowConsumer: 'disconnect', queue: { bytes: 100_000, messages: 10_000 } });
    const slow = await guest('web-0');
    slow.send({ type: 'subscribe', topic: 'a' });
    await slow.frame();
    slow.socket.pause();
    await using bus = await host();
    for (let n = 0; n < 20_000; n++) await bus.publish('a', 'x'.repeat(500), { ack: n % 100 === 0 });
    const { sessions } = await bus.stats();
    assert.ok(!sessions.some(({ name }) => name === 'web-0'));
  });
});

describe('nonsense', () => {
  it('of any kind leaves the broker serving others', async () => {
    const broker = await start();
    await using bus = await broker.host();
    const messages = await bus.subscribe('alive');
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed % below;
    };
    const pieces = [
      '{"type":"publish"',
      ',"topic":',
      '"a.b"',
      '}',
      '[',
      '\0',
      'hello vm:web-0\n',
      '"payload":',
      '1e999',
      '\n',
      '\xff',
      '{"type":"subscribe","topic":">"}',
    ];
    for (let round = 0; round < 300; round++) {
      const client =
        random(2) === 0
          ? await broker.raw()
          : await broker.guest(random(2) ? 'web-0' : 'db-0', random(2) ? ',bus-lines-v1' : '');
      for (let n = 0; n < 10; n++) {
        const body = Array.from({ length: random(6) }, () => pieces[random(pieces.length)]).join('');
        client.write(random(3) === 0 ? encodeFrame(body || 'x') : Buffer.from(body, 'latin1'));
      }
      if (random(2)) client.socket.end();
      else client.close();
    }
    await bus.publish('alive', 1);
    assert.equal((await take(messages, 1))[0]?.payload, 1);
  });
});

describe('the end', () => {
  it('is said to all, and leaves nothing unwritten', async () => {
    const broker = await start();
    const web = await broker.guest('web-0');
    const bus = await broker.host();
    const messages = await bus.subscribe('a');
    web.send({ type: 'publish', ack: false, topic: 'a', payload: 'last' });
    assert.equal((await take(messages, 1))[0]?.payload, 'last');
    broker.broker.stop();
    assert.equal((await web.frame()).type, 'bye');
    await assert.rejects(async () => void (await messages.next()), /the broker stops/);
    assert.equal(linesOf(join(projectFiles(broker.root).busLogs, 'bus.log')).at(-1)?.payload, 'last');
    mkdirSync(broker.root, { recursive: true });
    await broker.restart();
  });
});
