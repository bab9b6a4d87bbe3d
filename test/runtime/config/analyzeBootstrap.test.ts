import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyzeBootstrap } from '../../../runtime/config/bootstrap/analyzeBootstrap.ts';
import {
  bootstrapFiles,
  configOfBootstrap,
  findMismatches,
  findMissing,
} from '../../../runtime/config/bootstrap/bootstrapProject.ts';
import { analyze, HEAD } from './marked.ts';
import { INVALID, VALID } from './toml/fixtures.ts';

const PATH = '/srv/demo/bootstrap/web/bootstrap.toml';
const bootstrap = (text: string, path = PATH) => analyzeBootstrap({ text, path });
const found = (text: string) => bootstrap(text).diagnostics.map(({ code, severity }) => `${severity} ${code}`);

const WHOLE = `handshake_identity = "web"
handshake_timeout_secs = 60
remote_dir = "/opt/setup"
env = { A = "1", _b2 = "" }
[verify]
command = "true"
path = "done"
[ssh]
user = "me"
host = "10.0.0.2"
port = 2222
identity = "keys/id"
options = ["BatchMode=yes"]
`;

describe('analyzeBootstrap', () => {
  it('reads every key, with paths from the folder of the file and times in milliseconds', () => {
    const { value, diagnostics } = bootstrap(WHOLE);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(value, {
      handshakeIdentity: 'web',
      handshakeTimeoutMs: 60_000,
      remoteDir: '/opt/setup',
      env: { A: '1', _b2: '' },
      verify: { command: 'true', path: 'done' },
      ssh: {
        user: 'me',
        host: '10.0.0.2',
        port: 2222,
        identity: '/srv/demo/bootstrap/web/keys/id',
        options: ['BatchMode=yes'],
      },
    });
  });

  it('needs nothing: an empty file says nothing', () => {
    const { value, diagnostics } = bootstrap('');
    assert.deepEqual([value, diagnostics], [{ env: {}, verify: {}, ssh: { options: [] } }, []]);
  });

  it('warns of an unknown key and says what was meant; keys of castra.toml are unknown here', () => {
    const [first, second] = bootstrap('remote_dri = "/x"\nverify_path = "x"').diagnostics;
    assert.deepEqual([first?.severity, first?.code, first?.path], ['warning', 'config/unknown-key', PATH]);
    assert.equal(first?.help, 'Did you mean `remote_dir`?');
    assert.match(String(second?.help), /^Known keys: handshake_identity, .*verify, ssh\.$/);
  });

  it('finds wrong types and ranges as in castra.toml', () => {
    assert.deepEqual(
      found('handshake_timeout_secs = 0\nremote_dir = ""\nenv = { A = 1 }\nverify = "x"\nssh.port = 65536'),
      [
        'error config/out-of-range',
        'error config/invalid-value',
        'error config/wrong-type',
        'error config/wrong-type',
        'error config/out-of-range',
      ],
    );
  });

  it('finds faults of syntax, and nothing else in what is broken', () => {
    assert.deepEqual(found('remote_dir = "x\nenv = {'), [
      'error toml/unterminated-string',
      'error toml/unclosed-inline-table',
    ]);
  });

  for (const folder of ['tmp/x', '~/x', '/', '//', '/tmp/', '/home/me', '/etc/.', '/opt/../etc', 'C:\\\\x']) {
    it(`refuses ${folder} as folder in the guest`, () => {
      assert.deepEqual(found(`remote_dir = "${folder}"`), ['error config/remote-dir']);
    });
  }

  for (const folder of ['/tmp/castra-bootstrap', '/setup', '/home/me/setup/', '/opt/a..b']) {
    it(`takes ${folder}`, () => assert.deepEqual(found(`remote_dir = "${folder}"`), []));
  }

  it('takes the names of variables that a shell takes', () => {
    const names = ['1A = ""', 'a-b = ""', '"" = ""', '"a b" = ""', '"é" = ""', 'A1 = ""', '_ = ""'];
    const { diagnostics } = bootstrap(`[env]\n${names.join('\n')}`);
    assert.deepEqual(
      diagnostics.map(({ code, range }) => `${code} ${range?.start.line}`),
      [2, 3, 4, 5, 6].map((line) => `config/env-name ${line}`),
    );
  });

  it('warns of checks that check nothing, unless one is being written', () => {
    assert.deepEqual(found('[verify]'), ['warning config/nothing-verified']);
    assert.deepEqual(found('verify.command = '), ['error toml/missing-value']);
    assert.deepEqual(found('verify = { path = 1 }'), ['error config/wrong-type']);
  });

  it('never throws, whatever the text is', () => {
    for (const text of [VALID, INVALID].flatMap((corpus) => Object.values(corpus).flat())) bootstrap(text);
    for (let end = WHOLE.length; end >= 0; end--) bootstrap(WHOLE.slice(0, end));
  });
});

const VMS = '[[vms]]\nname = "web"\ncount = 2\n[[vms]]\nname = "db"\nbootstrap.script = "setup/db.sh"\n';
const { placed } = analyze(HEAD + VMS);
const mismatches = (text: string, path?: string) =>
  findMismatches(bootstrap(text, path), placed).map(({ severity, code, help }) => [severity, code, help]);

describe('findMismatches', () => {
  it('knows VMs and roles by name', () => {
    for (const name of ['web', 'web-0', 'web-1', 'db']) {
      assert.deepEqual(mismatches(`handshake_identity = "${name}"`, `/srv/demo/bootstrap/${name}/bootstrap.toml`), []);
    }
  });

  it('warns of an identity that nobody has', () => {
    assert.deepEqual(mismatches('handshake_identity = "web-2"'), [
      ['warning', 'config/unknown-identity', 'Did you mean "web-0"?'],
    ]);
    assert.match(
      String(mismatches('handshake_identity = "postgresql"')[0]?.[2]),
      /^There are: web, web-0, web-1, db, db-0\.$/,
    );
  });

  it('tells that nothing uses a file in a folder of no VM', () => {
    assert.deepEqual(mismatches('', '/srv/demo/bootstrap/wep/bootstrap.toml'), [
      ['info', 'config/unknown-bootstrap-folder', 'Did you mean "web"?'],
    ]);
  });

  it('knows folders of scripts', () => {
    const { placed } = analyze(`${HEAD}[[vms]]\nname = "web"\nbootstrap.script = "bootstrap/all/run.sh"\n`);
    assert.deepEqual(findMismatches(bootstrap('', '/srv/demo/bootstrap/all/bootstrap.toml'), placed), []);
  });

  it('says nothing while no VM can be read', () => {
    assert.deepEqual(findMismatches(bootstrap('handshake_identity = "x"'), []), []);
  });
});

describe('findMissing', () => {
  const help = (text: string, exists = false) => findMissing(bootstrap(text), () => exists).map((each) => each.help);

  it('warns of a key that is not there', () => {
    assert.deepEqual(help('ssh.identity = "id"'), ['Correct the path, or create it.']);
    assert.deepEqual(help('ssh.identity = "~/id"'), ['Correct the path, or create it.']);
    assert.deepEqual(help('ssh.identity = "id"', true), []);
    assert.deepEqual(help(''), []);
  });
});

describe('where a bootstrap.toml is', () => {
  it('is two folders below its project', () => {
    assert.equal(configOfBootstrap(PATH), '/srv/demo/castra.toml');
    assert.equal(configOfBootstrap('/srv/demo/setup/bootstrap.toml'), undefined);
  });

  it('is beside the script of a VM, or in a folder by its name or that of its role', () => {
    assert.deepEqual(bootstrapFiles(placed, '/srv/demo/castra.toml'), [
      '/srv/demo/bootstrap/web/bootstrap.toml',
      '/srv/demo/bootstrap/web-0/bootstrap.toml',
      '/srv/demo/bootstrap/web-1/bootstrap.toml',
      '/srv/demo/bootstrap/db/bootstrap.toml',
      '/srv/demo/bootstrap/db-0/bootstrap.toml',
      '/srv/demo/setup/bootstrap.toml',
    ]);
  });
});

describe('steps of a bootstrap.toml', () => {
  const steps = (text: string) => bootstrap(text).value.steps;

  it('have defaults, absolute paths, and a script or a text', () => {
    assert.equal(steps('env = { A = "1" }'), undefined);
    assert.deepEqual(
      steps(
        '[[steps]]\nname = "a"\nrun = "scripts/a.sh"\npayload = "files"\n[[steps]]\nname = "b"\nrun = "apk add x"\nreboot = true',
      ),
      [
        {
          name: 'a',
          run: { kind: 'file', path: '/srv/demo/bootstrap/web/scripts/a.sh' },
          payload: '/srv/demo/bootstrap/web/files',
          env: {},
          timeoutMs: 3_600_000,
          retries: 0,
          needs: [],
          reboot: false,
        },
        {
          name: 'b',
          run: { kind: 'inline', text: 'apk add x' },
          env: {},
          timeoutMs: 3_600_000,
          retries: 0,
          needs: [],
          reboot: true,
        },
      ],
    );
    const run = (text: string) => steps(`[[steps]]\nname = "a"\nrun = ${JSON.stringify(text)}`)?.[0]?.run?.kind;
    assert.deepEqual(['true', 'a.sh', './a', 'a b.sh', 'a.sh\n', '#!/bin/sh'].map(run), [
      'inline',
      'file',
      'file',
      'inline',
      'inline',
      'inline',
    ]);
  });

  it('need names of their own, something to run, and VMs that there are', () => {
    const twice = bootstrap('[[steps]]\nname = "a"\nrun = "x"\n[[steps]]\nname = "a"\n[steps.env]\n"a-b" = ""');
    assert.deepEqual(
      twice.diagnostics.map(({ code }) => code),
      ['config/duplicate-step', 'config/empty-step', 'config/env-name'],
    );
    const needs = bootstrap('[[steps]]\nname = "a"\nrun = "x"\nneeds = ["db", "nope"]');
    assert.deepEqual(
      findMismatches(needs, placed).map(({ code, range }) => [code, range?.start.line]),
      [['config/unknown-need', 4]],
    );
    const files = bootstrap('[[steps]]\nname = "a"\nrun = "a.sh"\npayload = "p"');
    assert.deepEqual(
      findMissing(files, () => false).map(({ message }) => message),
      [
        'The script /srv/demo/bootstrap/web/a.sh does not exist.',
        'The payload /srv/demo/bootstrap/web/p does not exist.',
      ],
    );
  });
});
