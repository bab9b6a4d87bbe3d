import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { remoteCommand } from '../../../runtime/ssh/commandLine.ts';
import { exitCodeOf } from '../../../runtime/ssh/exit.ts';
import { sshArguments } from '../../../runtime/ssh/systemSsh.ts';

test('several words reach the program just as they were typed', () => {
  const words = ['', ' ', "it's", '"', '$HOME', '`id`', '*', '~', 'a\nb', '-n', '\\', 'é', '!', '#', 'a=b', '{x,y}'];
  const line = remoteCommand(['printf', '<%s>', ...words]);
  const { stdout } = spawnSync('sh', ['-c', line ?? ''], { encoding: 'utf8' });
  assert.equal(stdout, words.map((word) => `<${word}>`).join(''));
});

test('one word is a line of shell, and none is a login shell', () => {
  assert.equal(remoteCommand(['cd /srv && ls | wc -l']), 'cd /srv && ls | wc -l');
  assert.equal(remoteCommand([]), undefined);
});

test('ssh is told the configuration, the host and one word of command, after which nothing is an option', () => {
  const call = { host: 'castra-p-web', config: '/srv/s/ssh_config' };
  assert.deepEqual(sshArguments(call), ['-F', '/srv/s/ssh_config', 'castra-p-web']);
  assert.deepEqual(sshArguments({ ...call, command: '-v' }), ['-F', call.config, call.host, '--', '-v']);
  assert.deepEqual(sshArguments({ ...call, command: 'top', terminal: true }).slice(2), ['-t', call.host, '--', 'top']);
  assert.deepEqual(sshArguments({ ...call, command: 'id', terminal: false })[2], '-T');
});

test('an exit code is the command’s own, 128 and the number of a signal, or 255', () => {
  assert.equal(exitCodeOf(7, null), 7);
  assert.equal(exitCodeOf(null, 'SIGTERM'), 143);
  assert.equal(exitCodeOf(undefined, 'NOSUCH'), 255);
  assert.equal(exitCodeOf(undefined, undefined), 255);
});
