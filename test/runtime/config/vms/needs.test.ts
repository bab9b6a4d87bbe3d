import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyze, HEAD } from '../marked.ts';

const role = (name: string, more = '') => `[[vms]]\nname = "${name}"\n${more}\n`;

function needsOf(text: string): Record<string, readonly string[]> {
  const { draft, diagnostics } = analyze(HEAD + text);
  assert.deepEqual(diagnostics, []);
  return Object.fromEntries(draft.vms.map((vm) => [vm.name, vm.needs]));
}

test('a role that is needed means all of its VMs, for each VM that needs it', () => {
  assert.deepEqual(
    needsOf(role('web', 'count = 2\nneeds = ["db", "db-1", "cache-0"]') + role('db', 'count = 2') + role('cache')),
    {
      'web-0': ['db-0', 'db-1', 'cache-0'],
      'web-1': ['db-0', 'db-1', 'cache-0'],
      'db-0': [],
      'db-1': [],
      'cache-0': [],
    },
  );
});

test('VMs may need the same VM, and VMs that need others', () => {
  const text = role('a', 'needs = ["b", "c"]') + role('b', 'needs = ["d"]') + role('c', 'needs = ["d"]') + role('d');
  assert.deepEqual(needsOf(text), { 'a-0': ['b-0', 'c-0'], 'b-0': ['d-0'], 'c-0': ['d-0'], 'd-0': [] });
});

test('a chain of a thousand roles, and 500 VMs that need 500, cost little', () => {
  const chain = Array.from({ length: 1000 }, (_, row) => role(`a${row}`, row === 0 ? '' : `needs = ["a${row - 1}"]`));
  assert.deepEqual(needsOf(chain.join(''))['a999-0'], ['a998-0']);
  const wide = needsOf(role('web', 'count = 500\nneeds = ["db"]') + role('db', 'count = 500'));
  assert.equal(wide['web-0'], wide['web-499']);
  assert.equal(wide['web-0']?.length, 500);
});

test('two circles are two errors', () => {
  const text = ['ab', 'ba', 'cd', 'dc'].map(([name, need]) => role(String(name), `needs = ["${need}"]`)).join('');
  const codes = analyze(HEAD + text).diagnostics.map(({ code }) => code);
  assert.deepEqual(codes, ['config/needs-cycle', 'config/needs-cycle']);
});
