import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type PlanFacts, type Planned, planBootstrap } from '../../../runtime/bootstrap/plan.ts';
import { explainSshOptions, readSshOptions } from '../../../runtime/bootstrap/sshOptions.ts';
import { explainChange, stampLine } from '../../../runtime/bootstrap/stamp.ts';
import { analyzeBootstrap } from '../../../runtime/config/bootstrap/analyzeBootstrap.ts';
import type { BootstrapMode, BootstrapSettings } from '../../../runtime/config/project.ts';

const FOLDER = '/p/bootstrap/web';
const SETTINGS: BootstrapSettings = {
  mode: 'auto',
  handshakeTimeoutMs: 300_000,
  remoteDir: '/tmp/castra-bootstrap',
  env: {},
  script: `${FOLDER}/run.sh`,
  payload: `${FOLDER}/payload`,
};

interface World {
  readonly files?: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
  readonly toml?: string;
}

function facts({ files = {}, folders = [], toml }: World): PlanFacts {
  const path = `${FOLDER}/bootstrap.toml`;
  return {
    kindOf: (each) => (each in files ? 'file' : folders.includes(each) ? 'folder' : 'missing'),
    headOf: (each) => files[each] ?? '',
    ...(toml === undefined ? {} : { file: { path, value: analyzeBootstrap({ text: toml, path }).value } }),
  };
}

interface Request {
  readonly settings?: Partial<BootstrapSettings>;
  readonly mode?: BootstrapMode;
  readonly only?: string;
}

const SCRIPT: World = { files: { [`${FOLDER}/run.sh`]: '#!/bin/sh\n' } };

const plan = (world: World, { settings = {}, mode = 'auto', only }: Request = {}): Planned =>
  planBootstrap(
    { vm: 'web', settings: { ...SETTINGS, ...settings }, mode, ...(only === undefined ? {} : { only }) },
    facts(world),
  );

function planned(world: World, request: Request = {}) {
  const found = plan(world, request);
  assert.ok(found.kind === 'run', JSON.stringify(found));
  return found.plan;
}

const reasonOf = (found: Planned): string => (found.kind === 'run' ? 'runs' : `${found.kind}: ${found.reason}`);

describe('what a bootstrap runs', () => {
  it('is decided by mode and by what there is', () => {
    const missing = '/p/bootstrap/web/run.sh does not exist';
    assert.equal(reasonOf(plan(SCRIPT, { mode: 'skip' })), 'skip: its mode is `skip`');
    assert.equal(reasonOf(plan({})), `skip: ${missing}`);
    assert.equal(reasonOf(plan({}, { mode: 'always' })), `error: ${missing}, and the mode is \`always\``);
    for (const mode of ['auto', 'always'] as const) assert.equal(reasonOf(plan(SCRIPT, { mode })), 'runs');
  });

  it('takes waiting and folder from bootstrap.toml, environment and checks from castra.toml', () => {
    const toml = `handshake_timeout_secs = 7
remote_dir = "/srv/x/"
env = { A = "meta", B = "meta" }
[verify]
command = "meta"
path = "meta"
[ssh]
user = "u"
identity = "id"
`;
    const merged = planned({ ...SCRIPT, toml }, { settings: { env: { B: 'castra' }, verifyPath: 'castra' } });
    assert.deepEqual(merged.env, { A: 'meta', B: 'castra' });
    assert.deepEqual(merged.verify, { command: 'meta', path: 'castra' });
    assert.deepEqual([merged.handshakeTimeoutMs, merged.remoteDir, merged.handshakeIdentity], [7000, '/srv/x', 'web']);
    assert.deepEqual(merged.ssh, { user: 'u', identity: `${FOLDER}/id`, options: [] });
    assert.equal(planned(SCRIPT).remoteDir, '/tmp/castra-bootstrap/web');
  });

  it('is the steps instead of the script, or a text of castra.toml', () => {
    const toml =
      '[[steps]]\nname = "a"\nrun = "a.sh"\n[[steps]]\nname = "b"\nrun = "true"\n[[steps]]\nname = "c"\nreboot = true\n';
    const world = { files: { [`${FOLDER}/a.sh`]: '#!/bin/sh\n' }, toml };
    const { units, isSingle } = planned(world);
    assert.deepEqual(
      units.map(({ name, place, hasShebang }) => [name, place, hasShebang]),
      [
        ['a', 'steps/a/run', true],
        ['b', 'steps/b/run', false],
        ['c', undefined, false],
      ],
    );
    assert.equal(isSingle, false);
    assert.deepEqual(
      planned(world, { only: 'b' }).units.map(({ name }) => name),
      ['b'],
    );
    assert.equal(reasonOf(plan(world, { only: 'x' })), 'skip: it has no step "x"; it has a, b, c');
    assert.equal(planned({}, { settings: { run: 'true' } }).units[0]?.run?.kind, 'inline');
    assert.match(reasonOf(plan(world, { settings: { run: 'true' } })), /exclude each other/);
    assert.equal(reasonOf(plan({ toml })), `error: ${FOLDER}/a.sh does not exist`);
  });

  it('refuses folders that a guest needs, names that are none, NUL characters and options that ssh2 has not', () => {
    for (const remoteDir of ['/', '/etc', '/home/me', '/root', '/tmp', 'relative', '/a/../b', '/var/lib/'])
      assert.match(reasonOf(plan(SCRIPT, { settings: { remoteDir } })), /^error: its remote folder/, remoteDir);
    assert.match(reasonOf(plan(SCRIPT, { settings: { env: { 'a-b': '' } } })), /is not the name of an environment/);
    assert.match(reasonOf(plan(SCRIPT, { settings: { env: { A: 'x\0y' } } })), /NUL/);
    assert.match(
      reasonOf(plan({ ...SCRIPT, toml: '[ssh]\noptions = ["ProxyJump=x"]' })),
      /cannot honour .* "ProxyJump"/,
    );
  });

  it('warns of a payload that is named and missing, and of the line ends of Windows', () => {
    assert.deepEqual(planned(SCRIPT).warnings, []);
    const dos = { files: { [`${FOLDER}/run.sh`]: '#!/bin/sh\r\necho\r\n' } };
    assert.match(
      planned(dos, { settings: { payload: '/p/files' } }).warnings.join('\n'),
      /files does not exist\n.*CRLF/,
    );
  });
});

describe('options of ssh', () => {
  it('are read as ssh writes them', () => {
    const options = [
      'ConnectTimeout=10',
      'ServerAliveInterval 5',
      'serveralivecountmax = 2',
      'StrictHostKeyChecking=no',
    ];
    assert.equal(explainSshOptions(options), undefined);
    assert.deepEqual(readSshOptions(options), { connectTimeoutMs: 10_000, keepaliveMs: 5000, keepaliveMisses: 2 });
    assert.match(explainSshOptions(['ConnectTimeout=soon']) ?? '', /needs a whole number/);
  });
});

describe('the stamp', () => {
  const disk = { baseStamp: '1', overlay: 'u' };
  const stamp = stampLine('a'.repeat(64), disk);

  it('is one line of words, and says what changed', () => {
    assert.match(stamp, /^castra-bootstrap 1 a{64} [0-9a-f]{16} [0-9a-f]{16}$/);
    assert.equal(explainChange(stampLine('b'.repeat(64), disk), stamp), 'its scripts, payload or settings changed');
    assert.equal(
      explainChange(stampLine('a'.repeat(64), { ...disk, baseStamp: '2' }), stamp),
      'the base image changed',
    );
    assert.equal(explainChange(stampLine('a'.repeat(64), { ...disk, overlay: 'v' }), stamp), 'the disk is new');
    assert.equal(explainChange(stamp, ''), 'the disk is new');
  });
});
