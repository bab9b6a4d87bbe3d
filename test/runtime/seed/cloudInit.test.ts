import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { type GuestIdentity, noCloudFiles } from '../../../runtime/seed/noCloud.ts';
import { userPart } from '../../../runtime/seed/userData.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

const CACHE = resolve('.cache/cloud-init');
const MODULES = 'usr/lib/python3/dist-packages';

/** cloud-init and what its modules import. */
const PACKAGES = [
  'cloud-init',
  ...['configobj', 'six', 'yaml', 'jinja2', 'markupsafe', 'jsonpatch', 'json-pointer']
    .concat(['requests', 'urllib3', 'certifi', 'idna', 'chardet'])
    .map((name) => `python3-${name}`),
];

/** Unpacked beside and renamed, so that it is there as a whole or not at all. Returns why not. */
function fetchPackages(): string | undefined {
  const work = `${CACHE}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const download = spawnSync('apt-get', ['download', '-q', ...PACKAGES], { cwd: work, encoding: 'utf8' });
    if (download.status !== 0) return `no cloud-init: ${download.error?.message ?? download.stderr}`;
    for (const deb of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
      const { status, stderr } = spawnSync('dpkg-deb', ['-x', deb, '.'], { cwd: work, encoding: 'utf8' });
      if (status !== 0) return `${deb} cannot be unpacked: ${stderr}`;
      rmSync(join(work, deb));
    }
    renameSync(work, CACHE);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** cloud-init's own code, from Debian's packages; nothing is installed. */
function findCloudInit(): { readonly modules: string } | { readonly missing: string } {
  const modules = join(CACHE, MODULES);
  const missing = existsSync(modules) ? undefined : fetchPackages();
  if (missing !== undefined) return { missing };
  const trial = spawnSync(
    'python3',
    ['-c', 'import cloudinit.user_data, cloudinit.handlers.jinja_template, cloudinit.distros.ug_util'],
    {
      env: { ...process.env, PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: '1' },
      encoding: 'utf8',
    },
  );
  if (trial.status === 0) return { modules };
  return { missing: `cloud-init does not run: ${trial.error?.message ?? trial.stderr.trim().split('\n').at(-1)}` };
}

const cloudInit = findCloudInit();

interface Applied {
  readonly config: Record<string, unknown>;
  readonly users: Record<string, Record<string, unknown>>;
  readonly scripts: Record<string, string>;
}

const OWNER = 'ssh-ed25519 AAAAOWNER castra';
const HOST = { ed25519_private: 'HOST\n', ed25519_public: 'ssh-ed25519 AAAAHOST\n' };
const FRIEND = 'ssh-ed25519 AAAAFRIEND friend';

/** cloud-init takes a second to load: one process answers everything. */
class Applier {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  constructor(modules: string, folder: string) {
    this.#child = spawn('python3', ['test/runtime/seed/applyUserData.py', folder], {
      env: { ...process.env, PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async apply(userData: string): Promise<Applied> {
    this.#child.stdin.write(`${JSON.stringify(userData)}\n`);
    const { value, done } = await this.#answers.next();
    assert.ok(!done, 'applyUserData.py has ended; its message is above');
    return JSON.parse(value);
  }

  end(): void {
    this.#child.stdin.end();
  }
}

let applier: Applier | undefined;

/** What cloud-init would apply for a login as `sshUser`, with the user's own text. */
function applied(sshUser: string, text?: string): Promise<Applied> {
  const identity: GuestIdentity = {
    ...{ instanceId: 'web-1', hostname: 'web', sshUser, isImageUser: sshUser === 'alpine' },
    ...{ authorizedKey: OWNER, hostKey: { privateKey: HOST.ed25519_private, publicKey: 'ssh-ed25519 AAAAHOST' } },
    parts: text === undefined ? [] : [userPart('web', { text, filename: 'mine' })],
  };
  assert.ok(applier);
  return applier.apply(noCloudFiles(identity).get('user-data') ?? '');
}

const yaml = (value: object) => `#cloud-config\n${JSON.stringify(value)}\n`;

describe("cloud-init's own code", { skip: 'missing' in cloudInit ? cloudInit.missing : false }, () => {
  let folder: TempFolder;
  before(() => {
    assert.ok('modules' in cloudInit);
    folder = tempFolder();
    applier = new Applier(cloudInit.modules, folder.path);
  });
  after(() => {
    applier?.end();
    return folder.dispose();
  });

  test('opens root to the key, and takes the host key', async () => {
    const { config, users } = await applied('root');
    assert.deepEqual(config, {
      preserve_hostname: false,
      ssh_authorized_keys: [OWNER],
      disable_root: false,
      ssh_deletekeys: true,
      ssh_keys: HOST,
    });
    assert.deepEqual(users, {});
  });

  test("keeps everything of the user's that does not decide about access", async () => {
    const own = {
      hostname: 'mine',
      preserve_hostname: true,
      packages: ['git'],
      runcmd: [['echo', 'größe']],
      swap: { size: 1 },
    };
    const { config } = await applied('root', yaml(own));
    assert.deepEqual({ ...config, ...own }, config);
  });

  test("adds the owner's key to the user's list of keys", async () => {
    const { config } = await applied('root', yaml({ ssh_authorized_keys: [FRIEND] }));
    assert.deepEqual(config.ssh_authorized_keys, [FRIEND, OWNER]);
  });

  test("opens root and takes our host key even when the user's part says otherwise", async () => {
    const own = {
      disable_root: true,
      ssh_deletekeys: false,
      ssh_keys: { ed25519_private: 'OTHER', rsa_private: 'OTHER' },
    };
    const { config } = await applied('root', yaml(own));
    assert.equal(config.disable_root, false);
    assert.deepEqual(config.ssh_keys, HOST);
  });

  test("leaves root closed when another user logs in, unless the user's part opens it", async () => {
    assert.equal('disable_root' in (await applied('alpine')).config, false);
    assert.equal((await applied('alpine', yaml({ disable_root: false }))).config.disable_root, false);
  });

  test("makes the image's own user although the user's list leaves it out", async () => {
    const { users } = await applied('alpine', yaml({ users: [{ name: 'bob' }] }));
    assert.deepEqual(Object.keys(users).sort(), ['bob', 'debian']);
    assert.equal(users.debian?.default, true);
  });

  test('adds a user who is not in the list of the user', async () => {
    const { users, scripts } = await applied('dev', yaml({ users: ['default', { name: 'bob' }] }));
    assert.deepEqual(Object.keys(users).sort(), ['bob', 'debian', 'dev']);
    assert.deepEqual(users.dev?.ssh_authorized_keys, [OWNER]);
    assert.deepEqual(Object.keys(scripts), ['castra-access.sh']);
  });

  test("lets the user's own entry for the same user win, and our script adds the key", async () => {
    const own = { name: 'dev', ssh_authorized_keys: [FRIEND], shell: '/bin/fish' };
    const { users, scripts } = await applied('dev', yaml({ users: [own] }));
    assert.equal(users.dev?.shell, '/bin/fish');
    assert.deepEqual(users.dev?.ssh_authorized_keys, [FRIEND]);
    assert.match(scripts['castra-access.sh'] ?? '', /AAAAOWNER/);
  });

  test('respects how the user wants the part merged', async () => {
    const own = {
      merge_how: 'list(append)+dict(recurse_list)+str()',
      ssh_authorized_keys: [FRIEND],
      preserve_hostname: true,
    };
    const { config } = await applied('root', yaml(own));
    assert.deepEqual(config.ssh_authorized_keys, [FRIEND, OWNER]);
    assert.equal(config.disable_root, false);
  });

  test('gets a script byte for byte, whatever is in it', async () => {
    for (const text of ['#!/bin/sh\necho plain\n', '#!/bin/sh\r\necho größe', `#!/bin/sh\n# ${'x'.repeat(2000)}\n`]) {
      assert.equal((await applied('root', text)).scripts.mine, text);
    }
  });

  test('reads archives, templates and multipart messages before ours', async () => {
    const keys = { ssh_authorized_keys: [FRIEND] };
    const archive = `#cloud-config-archive\n${JSON.stringify([{ type: 'text/cloud-config', content: yaml(keys) }])}\n`;
    const nested = [
      'Content-Type: multipart/mixed; boundary="inner"\nMIME-Version: 1.0\n',
      `--inner\nContent-Type: text/cloud-config\n\n${yaml(keys)}`,
      '--inner\nContent-Type: text/x-shellscript\nContent-Disposition: attachment; filename="s"\n\n#!/bin/sh\n',
      '--inner--\n',
    ].join('\n');
    for (const text of [archive, nested]) {
      const { config, scripts } = await applied('root', text);
      assert.deepEqual(config.ssh_authorized_keys, [FRIEND, OWNER], text);
      assert.deepEqual(Object.keys(scripts), text === nested ? ['s'] : []);
    }
  });
});
