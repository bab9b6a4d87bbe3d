import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeModes, parseModes } from '../../../runtime/cli/bootstrapModes.ts';
import { analyzeConfig } from '../../../runtime/config/analyze.ts';
import { modesOf } from '../../../runtime/operations/bootstrap/modes.ts';
import { openSlots } from '../../../runtime/operations/bootstrap/slots.ts';

const TOML = `version = "0.2.0"
project = { name = "p" }
[[vms]]
name = "web"
count = 2
[[vms]]
name = "db"
bootstrap = { mode = "skip" }
`;

describe('--bootstrap', () => {
  it('is for all or for one, after commas and again, with every spelling of a mode', () => {
    const items = parseModes('db:off', parseModes(' FORCE , web=auto,web-1=Always'));
    assert.deepEqual(mergeModes(items), { all: 'always', vms: { web: 'auto', 'web-1': 'always', db: 'skip' } });
    assert.deepEqual(mergeModes([]), { vms: {} });
    for (const bad of ['', ',auto', '=auto', ':auto', 'web=', 'web', 'web=sometimes'])
      assert.throws(() => parseModes(bad), /It must be|is empty|names no VM/, bad);
  });

  it('may repeat itself, but not contradict itself', () => {
    assert.deepEqual(mergeModes(parseModes('auto,enabled,db=skip,db=off')), { all: 'auto', vms: { db: 'skip' } });
    assert.throws(() => mergeModes(parseModes('auto,always')), /both "auto" and "always" for all VMs/);
    assert.throws(() => mergeModes(parseModes('db=auto,db=skip')), /both "auto" and "skip" for db/);
  });

  it('beats castra.toml: first for all, then for roles, then for VMs', () => {
    const { vms } = analyzeConfig({ text: TOML, path: '/srv/p/castra.toml', home: '/home/me/.castra' }).draft;
    assert.deepEqual(
      [...modesOf(vms)],
      [
        ['web-0', 'auto'],
        ['web-1', 'auto'],
        ['db-0', 'skip'],
      ],
    );
    const modes = modesOf(vms, { all: 'always', vms: { 'web-1': 'skip', web: 'auto' } });
    assert.deepEqual([...modes.values()], ['auto', 'skip', 'always']);
    assert.throws(() => modesOf(vms, { vms: { nope: 'auto' } }), /names "nope".*Known: web-0, web-1, db-0\./);
  });
});

describe('slots', () => {
  it('let so many work at a time, in the order in which they came', async () => {
    const slots = openSlots(2);
    const order: number[] = [];
    const work = [1, 2, 3, 4].map(async (each) => {
      await slots.take();
      order.push(each);
    });
    await Promise.resolve();
    await new Promise(setImmediate);
    assert.deepEqual(order, [1, 2]);
    slots.free();
    slots.free();
    await Promise.all(work);
    assert.deepEqual(order, [1, 2, 3, 4]);
  });
});
