import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { explainBadPath, knownHostsText, parsePublicKey, sshConfigText } from '../../../runtime/ssh/sshConfig.ts';
import { findSsh } from '../../../runtime/ssh/systemSsh.ts';
import type { SshTarget } from '../../../runtime/ssh/target.ts';
import { tempFolder } from '../../support/tempProject.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPS8tasGKvKH47KdWoNABIVbdi1NgvbYhu8Y8GsWK9q3';
const target = (change: Partial<SshTarget> = {}): SshTarget => ({
  vm: 'web',
  host: 'castra-shop-web',
  port: 2222,
  user: 'alpine',
  identity: '/srv/state/keys/id_ed25519',
  hostKey: KEY,
  ...change,
});

test('each VM is a Host that trusts one key, offers one key, and asks for nothing', () => {
  const text = sshConfigText([target(), target({ host: 'castra-shop-db', port: 2223 })], '/srv/state/known_hosts');
  assert.deepEqual(text.match(/^Host .*/gm), ['Host castra-shop-web', 'Host castra-shop-db']);
  for (const line of [
    'HostName 127.0.0.1',
    'Port 2223',
    'User alpine',
    'IdentitiesOnly yes',
    'HostKeyAlias castra-shop-web',
    'StrictHostKeyChecking yes',
    'UserKnownHostsFile "/srv/state/known_hosts"',
    'GlobalKnownHostsFile none',
    'PasswordAuthentication no',
    'UpdateHostKeys no',
  ]) {
    assert.ok(text.includes(`\n  ${line}\n`), line);
  }
});

test('every line but the comments is below a Host, so an Include changes nothing for other hosts', () => {
  const [head] = sshConfigText([target()], '/srv/known').split(/^Host /m);
  assert.equal(head?.replace(/^#.*$/gm, '').trim(), '');
  assert.equal(sshConfigText([], '/srv/known').replace(/^#.*$/gm, '').trim(), '');
});

test('ssh itself reads odd paths back as they are', async (t) => {
  const ssh = findSsh();
  if (ssh === undefined) return t.skip('there is no ssh here');
  const folder = tempFolder();
  try {
    const config = join(folder.path, 'config');
    for (const name of ['plain', 'two words', 'per%h%%cent', `it's "quoted"`, 'ünï', 'back\\slash', '$HOME', '~']) {
      const identity = `/srv/${name}/id`;
      writeFileSync(config, sshConfigText([target({ identity })], `/srv/${name}/known`));
      const { stdout, stderr } = spawnSync(ssh, ['-F', config, '-G', 'castra-shop-web'], { encoding: 'utf8' });
      assert.ok(stdout.includes(`\nuserknownhostsfile /srv/${name}/known\n`), stdout + stderr);
      // -G shows this one before its tokens are expanded.
      assert.ok(stdout.includes(`\nidentityfile ${identity.replaceAll('%', '%%')}\n`), stdout + stderr);
    }
  } finally {
    await folder.dispose();
  }
});

test('what OpenSSH cannot be told is found before it is written', () => {
  assert.match(explainBadPath('/srv/$' + '{HOME}/x') ?? '', /environment/);
  assert.match(explainBadPath('/srv/a\nProxyCommand x') ?? '', /control/);
  assert.equal(explainBadPath('/srv/a $b {c}'), undefined);
});

test('known_hosts has a line for each VM whose key is known, and none for others', () => {
  const { hostKey, ...without } = target({ host: 'castra-shop-db' });
  assert.equal(knownHostsText([target(), without]), `castra-shop-web ${hostKey}\n`);
});

test('a public key is taken without its comment; anything else is none', () => {
  assert.equal(parsePublicKey(`${KEY} castra\n`), KEY);
  assert.equal(parsePublicKey(KEY), KEY);
  assert.equal(parsePublicKey(KEY.replace('ed25519', 'rsa')), undefined);
  assert.equal(parsePublicKey(''), undefined);
});
