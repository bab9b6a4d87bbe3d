import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { multipart, type Part } from '../../../runtime/seed/mime.ts';
import { type GuestIdentity, noCloudFiles } from '../../../runtime/seed/noCloud.ts';
import { readUserData, userPart } from '../../../runtime/seed/userData.ts';
import { tempFolder } from '../../support/tempProject.ts';

const identity: GuestIdentity = {
  instanceId: 'web-1',
  hostname: 'web',
  sshUser: 'root',
  isImageUser: false,
  authorizedKey: 'ssh-ed25519 AAAAOWNER castra',
  hostKey: { privateKey: 'PRIVATE\n', publicKey: 'ssh-ed25519 AAAAHOST' },
  parts: [],
};

const userDataOf = (changes: Partial<GuestIdentity>) =>
  noCloudFiles({ ...identity, ...changes }).get('user-data') ?? '';

/** The cloud-configs of ours, laid over each other like one. */
function configOf(changes: Partial<GuestIdentity>): Record<string, unknown> {
  const parts = userDataOf(changes).split(/\n--castra-[^\n]+\n/);
  const configs = parts.flatMap((part) => /\n\n#cloud-config\n([\s\S]+)$/.exec(part)?.[1] ?? []);
  return Object.assign({}, ...configs.map((config) => JSON.parse(config)));
}

const failsWith = (detail: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CastraError && error.failure.kind === 'seed-failed', String(error));
  assert.match(error.failure.detail, detail);
  return true;
};

describe('noCloudFiles', () => {
  test('names the instance and the host as texts, whatever YAML would take them for', () => {
    const text = noCloudFiles({ ...identity, instanceId: '1e3', hostname: 'on' }).get('meta-data');
    assert.equal(text, 'instance-id: "1e3"\nlocal-hostname: "on"\n');
  });

  test('opens root to the key when root is the user, and adds nobody', () => {
    assert.deepEqual(configOf({}), {
      preserve_hostname: false,
      ssh_authorized_keys: [identity.authorizedKey],
      disable_root: false,
      ssh_deletekeys: true,
      ssh_keys: { ed25519_private: 'PRIVATE\n', ed25519_public: 'ssh-ed25519 AAAAHOST\n' },
    });
  });

  test("gives the image's own user the key and leaves root closed", () => {
    const config = configOf({ sshUser: 'alpine', isImageUser: true });
    assert.deepEqual(config.users, ['default']);
    assert.equal('disable_root' in config, false);
    assert.doesNotMatch(userDataOf({ sshUser: 'alpine', isImageUser: true }), /shellscript/);
  });

  test('adds any other user, who may become root', () => {
    assert.deepEqual(configOf({ sshUser: 'dev' }).users, [
      'default',
      {
        name: 'dev',
        ssh_authorized_keys: [identity.authorizedKey],
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        doas: ['permit nopass dev'],
        shell: '/bin/sh',
      },
    ]);
    assert.match(userDataOf({ sshUser: 'dev' }), /text\/x-shellscript/);
  });
});

describe('multipart', () => {
  const part = (text: string): Part => ({ kind: 'content', contentType: 'text/x', filename: 'a', text });

  test('leaves plain lines as they are and encodes what a parser could change', () => {
    assert.match(multipart([part('plain\n')]), /7bit\n[\s\S]*\n\nplain\n\n--castra/);
    for (const text of ['größe\n', 'dos\r\n', 'no end', `${'x'.repeat(999)}\n`, '\0\n', '']) {
      const [, body = ''] = /base64\n[^\n]+\n\n([\s\S]*?)\n--castra/.exec(multipart([part(text)])) ?? [];
      assert.equal(Buffer.from(body, 'base64').toString('utf8'), text);
      assert.ok(body.split('\n').every((line) => line.length <= 76));
    }
  });

  test('always takes the same boundary, and one that no part has in it', () => {
    const message = multipart([part('text\n')]);
    assert.equal(message, multipart([part('text\n')]));
    const nested = multipart([{ kind: 'message', text: message }]);
    const boundary = /boundary="([^"]+)"/.exec(nested)?.[1] ?? '';
    assert.ok(boundary !== '' && !message.includes(boundary));
  });
});

describe('userPart', () => {
  const cases = {
    '#cloud-config\nruncmd: []\n': 'text/cloud-config',
    '#cloud-config-archive\n[]\n': 'text/cloud-config-archive',
    '#cloud-config-jsonp\n[]\n': 'text/cloud-config-jsonp',
    '#cloud-boothook\n': 'text/cloud-boothook',
    '#include\nhttp://x/\n': 'text/x-include-url',
    '#include-once\nhttp://x/\n': 'text/x-include-once-url',
    '#part-handler\n': 'text/part-handler',
    '## template: jinja\n#cloud-config\n': 'text/jinja2',
    '#!/bin/sh\n': 'text/x-shellscript',
  };
  for (const [text, contentType] of Object.entries(cases)) {
    test(`takes ${JSON.stringify(text)} as ${contentType}, unchanged`, () => {
      const part = userPart('web', { text, filename: 'f' });
      assert.deepEqual(part, { kind: 'content', contentType, filename: 'f', text });
    });
  }

  test('attaches a message with its own headers as it is', () => {
    for (const text of ['Content-Type: multipart/mixed; boundary="x"\n\n', 'MIME-Version: 1.0\n\n']) {
      assert.deepEqual(userPart('web', { text, filename: 'f' }), { kind: 'message', text });
    }
  });

  test('says what is allowed when a text says nothing to cloud-init', () => {
    for (const text of ['', 'runcmd: []\n', '\n#cloud-config\n', '# cloud-config\n']) {
      assert.throws(() => userPart('web', { text, filename: 'f' }), failsWith(/Start it with one of: .*#cloud-config/));
    }
  });
});

describe('readUserData', () => {
  test('reads a file, and gives it a name that fits into a header', async () => {
    const folder = tempFolder();
    try {
      const path = join(folder.path, 'größe "1".sh');
      writeFileSync(path, '#!/bin/sh\r\n');
      const read = readUserData('web', { kind: 'file', path });
      assert.deepEqual(read, { text: '#!/bin/sh\r\n', filename: 'gr__e__1_.sh' });
      assert.equal(readFileSync(path, 'utf8'), read.text);
    } finally {
      await folder.dispose();
    }
  });

  test('says which file cannot be used, and why', async () => {
    const folder = tempFolder();
    const read = (name: string) => () => readUserData('web', { kind: 'file', path: join(folder.path, name) });
    try {
      mkdirSync(join(folder.path, 'folder'));
      writeFileSync(join(folder.path, 'binary'), Buffer.of(0x23, 0x21, 0xff, 0xfe));
      writeFileSync(join(folder.path, 'large'), '');
      truncateSync(join(folder.path, 'large'), 5 * 1024 * 1024);
      assert.throws(read('missing'), failsWith(/missing cannot be used: ENOENT/));
      assert.throws(read('folder'), failsWith(/not a file/));
      assert.throws(read('binary'), failsWith(/not valid/));
      assert.throws(read('large'), failsWith(/more than 4194304 bytes/));
    } finally {
      await folder.dispose();
    }
  });
});
