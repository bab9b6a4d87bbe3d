import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { either, listOf, number, object, oneOf, optional, text } from '../../../runtime/state/decode.ts';
import { vmFiles } from '../../../runtime/state/layout.ts';
import { type LaunchRecord, readRecord, writeRecord } from '../../../runtime/state/record.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('guards of foreign JSON', () => {
  interface Place {
    readonly name: string;
    readonly ports: readonly number[];
    readonly kind: 'a' | 'b';
    readonly note?: string;
  }
  const isPlace = object<Place>({ name: text, ports: listOf(number), kind: oneOf('a', 'b'), note: optional(text) });
  const place = { name: 'x', ports: [1, 2], kind: 'a' };

  it('accept what has all fields, with fields that a newer version added', () => {
    assert.ok(isPlace(place));
    assert.ok(isPlace({ ...place, note: 'n', added: {} }));
  });

  it('refuse a field that is missing or of another kind', () => {
    for (const change of [
      { name: 1 },
      { name: undefined },
      { ports: ['1'] },
      { ports: {} },
      { kind: 'c' },
      { note: 7 },
    ]) {
      assert.ok(!isPlace({ ...place, ...change }), JSON.stringify(change));
    }
  });

  it('refuse what is not an object', () => {
    for (const value of [null, undefined, 'x', 7, [], [place]]) assert.ok(!isPlace(value), String(value));
  });

  it('refuse numbers that JSON cannot have, and accept either of two', () => {
    assert.ok(!number(Number.NaN) && !number(Number.POSITIVE_INFINITY));
    const either2 = either(text, number);
    assert.ok(either2('a') && either2(1) && !either2(true));
  });
});

describe('a launch record', () => {
  let folder: TempFolder;
  before(() => {
    folder = tempFolder();
    mkdirSync(join(folder.path, 'logs'));
  });
  after(() => folder.dispose());

  const record: LaunchRecord = {
    format: 1,
    vm: 'web',
    role: 'web',
    uuid: 'u',
    bootId: 'b',
    launchedAt: '2026-01-01T00:00:00.000Z',
    accelerator: 'tcg',
    cpus: 1,
    memoryMiB: 64,
    overlayPath: '/o',
    baseImage: '/b',
    forwards: [{ bind: '127.0.0.1', host: 1, guest: 2, protocol: 'tcp' }],
    sshPort: 0,
    sockets: { qmp: '/q', monitor: '/m', console: '/c', bus: '/b' },
    ready: { kind: 'serial', pattern: 'READY' },
  };
  const readBack = (change: object) => {
    writeRecord(folder.path, record);
    writeFileSync(vmFiles(folder.path, 'web').record, JSON.stringify({ ...record, ...change }));
    return readRecord(folder.path, 'web');
  };

  it('is read as it was written', () => {
    writeRecord(folder.path, record);
    const read = readRecord(folder.path, 'web');
    assert.deepEqual({ ...read, sockets: record.sockets }, record);
    assert.ok(readBack({ ready: { kind: 'ssh' }, notReady: { phase: 'kernel', evidence: 'x' }, added: true }));
  });

  it('is damaged when a part of it means nothing, and is not carried on with', () => {
    const forward = { bind: '127.0.0.1', host: 1, guest: 2, protocol: 'x' };
    for (const change of [
      { ready: {} },
      { ready: { kind: 'serial' } },
      { ready: { kind: 'x' } },
      { forwards: [forward] },
      { accelerator: 'x' },
      { notReady: { phase: 'x', evidence: '' } },
      { sockets: { qmp: '/q' } },
      { pid: '7' },
      { format: 2 },
      { vm: 'other' },
    ]) {
      assert.equal(readBack(change), undefined, JSON.stringify(change));
    }
  });
});
