import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { claimPorts, type WantedForward } from '../../../../runtime/vm/host/ports.ts';

const wanted = (changes: Partial<WantedForward> = {}): WantedForward => ({
  vm: 'web',
  bind: '127.0.0.1',
  host: 0,
  guest: 80,
  protocol: 'tcp',
  ...changes,
});

/** A port that was free a moment ago. */
async function freePort(protocol: 'tcp' | 'udp' = 'tcp'): Promise<number> {
  const [claim] = await claimPorts([wanted({ protocol })]);
  assert.equal(claim?.kind, 'free');
  return claim.forward.host;
}

async function kinds(...forwards: WantedForward[]): Promise<string[]> {
  return (await claimPorts(forwards)).map(({ kind }) => kind);
}

describe('claimPorts', () => {
  for (const protocol of ['tcp', 'udp'] as const) {
    test(`allocates a different port to each ${protocol} forward with host 0`, async () => {
      const claims = await claimPorts(Array.from({ length: 20 }, () => wanted({ protocol })));
      assert.ok(claims.every(({ kind }) => kind === 'free'));
      assert.equal(new Set(claims.map(({ forward }) => forward.host)).size, 20);
      assert.ok(claims.every(({ forward }) => forward.host > 0));
    });

    test(`lets go of every ${protocol} port it tried`, async () => {
      const forward = wanted({ protocol, host: await freePort(protocol) });
      assert.deepEqual(await kinds(forward), ['free']);
      assert.deepEqual(await kinds(forward), ['free']);
    });

    test(`finds a ${protocol} port that two forwards want, and names the first`, async () => {
      const host = await freePort(protocol);
      const claims = await claimPorts([
        wanted({ protocol, host, vm: 'a' }),
        wanted({ protocol, host, vm: 'b', guest: 81 }),
      ]);
      assert.deepEqual(
        claims.map(({ kind }) => kind),
        ['free', 'taken'],
      );
      assert.match(claims[1]?.kind === 'taken' ? claims[1].detail : '', /a forwards it to its port 80/);
    });
  }

  test('finds a tcp port that another process listens on', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [claim] = await claimPorts([wanted({ host: port })]);
    server.close();
    assert.deepEqual(claim, {
      kind: 'taken',
      forward: wanted({ host: port }),
      detail: `node (pid ${process.pid}) uses it`,
    });
  });

  test('finds a udp port that another process has bound', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const forward = wanted({ protocol: 'udp', host: socket.address().port });
    const [claim] = await claimPorts([forward]);
    socket.close();
    assert.deepEqual(claim, { kind: 'taken', forward, detail: `node (pid ${process.pid}) uses it` });
  });

  test('knows that 0.0.0.0 includes every other address, in either order', async () => {
    const host = await freePort();
    const [all, one] = [wanted({ host, bind: '0.0.0.0' }), wanted({ host })];
    assert.deepEqual(await kinds(all, one), ['free', 'taken']);
    assert.deepEqual(await kinds(one, all), ['free', 'taken']);
  });

  test('lets tcp and udp share a port number, and two addresses a port', async () => {
    const host = await freePort();
    assert.deepEqual(await kinds(wanted({ host }), wanted({ host, protocol: 'udp' })), ['free', 'free']);
    if (process.platform === 'linux') {
      assert.deepEqual(await kinds(wanted({ host }), wanted({ host, bind: '127.0.0.2' })), ['free', 'free']);
    }
  });

  test('says when this host has no such address', async () => {
    const [claim] = await claimPorts([wanted({ bind: '203.0.113.7' })]);
    assert.equal(claim?.kind === 'taken' ? claim.detail : '', 'this host has no such address');
  });

  test('answers in the order it was asked', async () => {
    const host = await freePort();
    const claims = await claimPorts([wanted({ guest: 1 }), wanted({ guest: 2, host }), wanted({ guest: 3 })]);
    assert.deepEqual(
      claims.map(({ forward }) => forward.guest),
      [1, 2, 3],
    );
  });

  test('refuses a reserved port with its reason, though nobody has bound it yet', async () => {
    const host = await freePort();
    const reserved = { bind: '0.0.0.0', host, protocol: 'tcp' as const, detail: 'the VM "db" has it' };
    const [tcp, udp] = await claimPorts([wanted({ host }), wanted({ host, protocol: 'udp' })], [reserved]);
    assert.deepEqual(tcp?.kind === 'taken' ? tcp.detail : '', 'the VM "db" has it');
    assert.equal(udp?.kind, 'free');
  });

  test('never allocates a reserved port', async () => {
    // Linux offers even ports first, so one of four is every second that it offers.
    const reserved = Array.from({ length: 65_536 / 4 }, (_, index) => index * 4)
      .filter((port) => port > 0)
      .map((host) => ({ bind: '127.0.0.1', host, protocol: 'tcp' as const, detail: '' }));
    const claims = await claimPorts(
      Array.from({ length: 16 }, () => wanted()),
      reserved,
    );
    assert.deepEqual(
      claims.filter(({ kind, forward }) => kind === 'taken' || forward.host % 4 === 0),
      [],
    );
  });
});
