import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkCapacity, checkPorts, downgrade } from '../../../../runtime/vm/host/preflight.ts';

const MIB = 1024 * 1024;
const plenty = { cpus: 16, availableMemoryBytes: 64 * 1024 * MIB };

function findings(demand: { cpus?: number; memoryMiB?: number }, capacity = plenty, freeMiB = 100_000): string[] {
  const disks = [{ path: '/state', freeBytes: freeMiB * MIB }];
  return checkCapacity({ cpus: 1, memoryMiB: 512, ...demand }, capacity, disks).map(
    ({ severity, code }) => `${severity} ${code}`,
  );
}

describe('checkCapacity', () => {
  test('has nothing to say about a host with room', () => {
    assert.deepEqual(findings({}), []);
  });

  test('refuses more cpus than there are, and warns above 80 %', () => {
    const host = { ...plenty, cpus: 10 };
    assert.deepEqual(findings({ cpus: 8 }, host), []);
    assert.deepEqual(findings({ cpus: 9 }, host), ['warning host/cpus']);
    assert.deepEqual(findings({ cpus: 10 }, host), ['warning host/cpus']);
    assert.deepEqual(findings({ cpus: 11 }, host), ['error host/cpus']);
  });

  test('does not warn about one cpu on a host with one', () => {
    assert.deepEqual(findings({ cpus: 1 }, { ...plenty, cpus: 1 }), []);
  });

  test('keeps 512 MiB for the host, and warns below 1 GiB', () => {
    const host = { ...plenty, availableMemoryBytes: 4096 * MIB };
    assert.deepEqual(findings({ memoryMiB: 3072 }, host), []);
    assert.deepEqual(findings({ memoryMiB: 3073 }, host), ['warning host/memory']);
    assert.deepEqual(findings({ memoryMiB: 3584 }, host), ['warning host/memory']);
    assert.deepEqual(findings({ memoryMiB: 3585 }, host), ['error host/memory']);
  });

  test('needs 500 MiB of disk, and warns below 2 GiB', () => {
    assert.deepEqual(findings({}, plenty, 2048), []);
    assert.deepEqual(findings({}, plenty, 2047), ['warning host/disk']);
    assert.deepEqual(findings({}, plenty, 500), ['warning host/disk']);
    assert.deepEqual(findings({}, plenty, 499), ['error host/disk']);
  });
});

test('--force makes warnings of errors and says so', () => {
  const [finding] = downgrade(checkCapacity({ cpus: 32, memoryMiB: 1 }, plenty, []));
  assert.equal(finding?.severity, 'warning');
  assert.match(finding?.message ?? '', /has 16; continuing because of --force\.$/);
});

test('checkPorts names the VM, the port, the reason and how to find the user of it', () => {
  const forward = { vm: 'web', bind: '127.0.0.1', host: 8080, guest: 80, protocol: 'tcp' } as const;
  const [finding, ...others] = checkPorts([
    { kind: 'free', forward },
    { kind: 'taken', forward, detail: 'another process uses it' },
  ]);
  assert.deepEqual(others, []);
  assert.equal(finding?.code, 'host/port-taken');
  assert.match(finding?.message ?? '', /web: port 127\.0\.0\.1:8080\/tcp .* another process uses it/);
  assert.match(finding?.help ?? '', /8080/);
});
