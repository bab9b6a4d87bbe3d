import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, Findings } from '../../../../runtime/config/findings/findings.ts';
import type { VersionClass } from '../../../../runtime/config/version.ts';
import { expandRole } from '../../../../runtime/config/vms/replicas.ts';

/** The replicas of a role, and the codes and paths of what was found on the way. */
function expand(table: Readonly<Record<string, unknown>>, version: VersionClass = 'replicas') {
  const reported: Finding[] = [];
  const findings: Findings = {
    report: (finding) => reported.push(finding),
    reportSpan: () => assert.fail('replicas know no offsets'),
    isMentioned: () => table.count !== undefined,
    list: () => [],
  };
  const replicas = expandRole(table, ['vms', 0], version, findings);
  return { replicas, findings: reported.map(({ code, path }) => `${code} ${path.join('.')}`) };
}

test('a role without a count is one replica with the number 0', () => {
  const table = { name: 'web' };
  const { replicas } = expand(table);
  assert.deepEqual(replicas, [{ name: 'web-0', role: 'web', index: 0, table, path: ['vms', 0] }]);
});

test('version 0.1 has one VM with the name of its role', () => {
  const table = { name: 'web', count: 3, instances: [] };
  const { replicas, findings } = expand(table, 'single');
  assert.deepEqual(replicas, [{ name: 'web', role: 'web', index: 0, table, path: ['vms', 0] }]);
  assert.deepEqual(findings, ['config/replicas-need-0.2 vms.0.count', 'config/replicas-need-0.2 vms.0.instances']);
});

test('instances are attached to the replicas with their numbers', () => {
  const { replicas, findings } = expand({ name: 'web', count: 3, instances: [{ id: 'web-2' }, { id: 'web-0' }] });
  assert.deepEqual(findings, []);
  assert.deepEqual(
    replicas.map(({ name, override }) => [name, override?.path.join('.')]),
    [
      ['web-0', 'vms.0.instances.1'],
      ['web-1', undefined],
      ['web-2', 'vms.0.instances.0'],
    ],
  );
});

test('role names that end in a number keep it', () => {
  const { replicas, findings } = expand({ name: 'web-1', count: 2, instances: [{ id: 'web-1-1' }] });
  assert.deepEqual(findings, []);
  assert.deepEqual(
    replicas.map(({ name }) => name),
    ['web-1-0', 'web-1-1'],
  );
});

test('ids that name no replica are reported at their own place', () => {
  const { findings } = expand({
    name: 'web',
    count: 2,
    instances: [{ id: 'web-0' }, { id: 'db-0' }, { id: 'web-0' }, { id: 'web-2' }],
  });
  assert.deepEqual(findings, [
    'config/instance-id vms.0.instances.1.id',
    'config/duplicate-instance vms.0.instances.2.id',
    'config/instance-id vms.0.instances.3.id',
  ]);
});

test('counts of a wrong shape count as one, and say nothing about ids', () => {
  for (const count of [0, -1, 1.5, '3', 1001, Number.NaN]) {
    const { replicas, findings } = expand({ name: 'web', count, instances: [{ id: 'web-500' }] });
    assert.equal(replicas.length, 1);
    assert.deepEqual(findings, []);
  }
});

test('instances of a wrong shape are left to the schema', () => {
  for (const instances of [1, 'x', [1], [[]], [{}], [{ id: 1 }], [{ id: '' }]]) {
    assert.deepEqual(expand({ name: 'web', instances }).findings, []);
  }
});
