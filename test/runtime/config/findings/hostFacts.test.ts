import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findHostProblems, type HostFacts } from '../../../../runtime/config/findings/hostFacts.ts';
import { analyze, HEAD } from '../marked.ts';

const TEXT = `${HEAD}[[vms]]
name = "web"
cpus = 4
memory = "4 GiB"
port_forwards = [{ host = 8080, guest = 80 }, { host = 0, guest = 443 }]
`;

const codes = (facts: HostFacts, text = TEXT) =>
  findHostProblems(analyze(text), facts).map(({ code, severity, range }) => [code, severity, range?.start.line]);

test('nothing is said of a host that nobody looked at', () => {
  assert.deepEqual(codes({}), []);
});

test('what does not fit the host is a warning where it is written', () => {
  const owner = 'nginx (pid 7)';
  const facts: HostFacts = { cpus: 2, memoryMiB: 2048, busyPorts: [{ port: 8080, protocol: 'tcp', owner }] };
  assert.deepEqual(codes(facts), [
    ['host/cpus', 'warning', 5],
    ['host/memory', 'warning', 6],
    ['host/port-taken', 'warning', 7],
  ]);
});

test('a port of another protocol is another port', () => {
  assert.deepEqual(codes({ busyPorts: [{ port: 8080, protocol: 'udp', owner: 'x' }] }), []);
});

test('missing QEMU is told once, with what installs it', () => {
  const [finding, ...others] = findHostProblems(analyze(TEXT), {
    qemuProblem: { message: 'QEMU is missing.', help: 'Install it.' },
  });
  assert.deepEqual([finding?.code, finding?.help, others.length], ['host/qemu-missing', 'Install it.', 0]);
});
