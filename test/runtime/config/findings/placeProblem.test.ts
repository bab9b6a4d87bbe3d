import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeProblem } from '../../../../runtime/config/findings/placeProblem.ts';
import type { HostProblem, Subject } from '../../../../runtime/config/project.ts';
import { analyze, HEAD } from '../marked.ts';

const TEXT = `${HEAD}[[vms]]
name = "web"
count = 2
memory = "4 GiB"
port_forwards = [{ host = 8080, guest = 80 }]

[[vms.instances]]
id = "web-1"
user_data = "second.yaml"
`;

const finding = { severity: 'error', code: 'host/disk', message: 'It does not fit.' } as const;

function placeOf(about: Subject | undefined, text = TEXT): string | undefined {
  const problem: HostProblem = about ? { ...finding, about } : finding;
  const { path, range, ...rest } = placeProblem(problem, analyze(text));
  // A window paints only the VM that it is about.
  assert.deepEqual(rest, about ? { ...finding, vm: about.vm } : finding);
  if (path === undefined || range === undefined) return undefined;
  const { start, end } = range;
  return text
    .split('\n')
    [start.line - 1]?.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined);
}

test('a problem of a host stands at the value that asks for too much', () => {
  assert.equal(placeOf({ vm: 'web-0', key: 'memory' }), '"4 GiB"');
});

test('of the instance, where that has a value of its own', () => {
  assert.equal(placeOf({ vm: 'web-1', key: 'user_data' }), '"second.yaml"');
});

test('a forward is found by what it became for a replica', () => {
  const forward = { bind: '127.0.0.1', host: 8081, guest: 80, protocol: 'tcp' } as const;
  assert.equal(placeOf({ vm: 'web-1', forward }), '8080');
});

test('what is not written is the table that it belongs to', () => {
  assert.equal(placeOf({ vm: 'web-0', key: 'cpus' }), '[[vms]]');
  const ssh = { bind: '127.0.0.1', host: 0, guest: 22, protocol: 'tcp' } as const;
  assert.equal(placeOf({ vm: 'web-0', forward: ssh }), '[[vms]]');
});

test('about a VM that is not there, or about none, it has no place', () => {
  assert.equal(placeOf({ vm: 'db-0', key: 'cpus' }), undefined);
  assert.equal(placeOf(undefined), undefined);
});
