import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { bindsAddress, boundInodes, findPortOwner, isPortBound } from '../../../runtime/process/portOwner.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
`;

describe('the owner of a port', () => {
  it('is found through the listening sockets of /proc/net, not the connected ones', () => {
    assert.deepEqual(boundInodes(TABLE, '0A', 8080), ['4711']);
    assert.deepEqual(boundInodes(TABLE, '0A', 80), ['4713']);
    assert.deepEqual(boundInodes(TABLE, '0A', 81), []);
  });

  it('is this process for a port that this process listens on', async (t) => {
    if (process.platform !== 'linux') return t.skip('only Linux has /proc/net');
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    assert.equal(findPortOwner('tcp', port)?.pid, process.pid);
    assert.equal(findPortOwner('udp', port), undefined);
  });

  it('is in the way of an address when it has that one or all of them', () => {
    const row = (address: string) => `  0: ${address}:1F90 00000000:0000 0A 0:0 00:0 0 0 0 4711 1`;
    const inTheWay = (address: string, bind: string) => bindsAddress(row(address), '0A', bind, 8080);
    assert.equal(inTheWay('0100007F', '127.0.0.1'), true);
    assert.equal(inTheWay('0100007F', '127.0.0.2'), false);
    assert.equal(inTheWay('0100007F', '0.0.0.0'), true);
    assert.equal(inTheWay('00000000', '127.0.0.1'), true);
    assert.equal(inTheWay('00000000000000000000000000000000', '127.0.0.1'), true);
    assert.equal(inTheWay('0000000000000000FFFF00000100007F', '127.0.0.1'), true);
    assert.equal(bindsAddress(TABLE, '0A', '127.0.0.1', 81), false);
  });

  it('need not be known to tell that a port is bound', async (t) => {
    if (process.platform !== 'linux') return t.skip('only Linux has /proc/net');
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    assert.equal(isPortBound('tcp', '127.0.0.1', port), true);
    assert.equal(isPortBound('udp', '127.0.0.1', port), false);
    await new Promise((done) => server.close(done));
    assert.equal(isPortBound('tcp', '127.0.0.1', port), false);
  });
});
