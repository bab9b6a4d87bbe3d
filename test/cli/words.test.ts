import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { lines, runCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const VM = 'count = 2\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n';
const TOML = `version = "0.2.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\n${VM}`;

let project: TempProject;
beforeEach(() => {
  project = tempProject(TOML);
});
afterEach(() => project.dispose());
const castra = (...args: string[]) => runCli(project, args);

describe('a word that is not a command', () => {
  for (const [word, answer] of Object.entries({
    ps: /`castra status`/,
    stop: /`castra down` stops VMs\. It discards their disks/,
    halt: /`castra down`/,
    destroy: /`castra clean`/,
    shell: /`castra ssh VM`/,
    provision: /`user_data`/,
    suspend: /cannot suspend VMs yet/,
    snapshot: /no snapshots yet; `castra export VM FILE`/,
    create: /`castra init`/,
    reload: /`castra restart`/,
    reset: /`castra reboot --hard VM`/,
  })) {
    it(`${word}, of another tool, is answered with what does that here`, async () => {
      const result = await castra('-c', project.configPath, word);
      assert.equal(result.code, 64);
      assert.match(result.stderr, new RegExp(`^Error: castra has no command "${word}"\\. `));
      assert.match(result.stderr, answer);
    });
  }

  it('is guessed by its spelling, but never as one that removes something', async () => {
    assert.match((await castra('statsu')).stderr, /Did you mean `castra status`\?/);
    for (const word of ['clena', 'donw', 'dwon', 'cleen']) {
      assert.doesNotMatch((await castra(word)).stderr, /castra (?:clean|down)/);
    }
  });
});

describe('with --json, a wrong call', () => {
  for (const [what, args, env] of [
    ['an unknown option', ['up', '--json', '--nonsense'], {}],
    ['an unknown command', ['--json', 'nonsense'], {}],
    ['a missing argument', ['export', '--json'], {}],
    ['a value that is none', ['up', '--timeout', 'soon', '--json'], {}],
    ['a bad environment', ['status', '--json'], { CASTRA_ACCELERATOR: 'warp' }],
  ] as const) {
    it(`(${what}) is one line on stdout, and nothing else`, async () => {
      const result = await runCli(project, args, { env });
      assert.equal(result.code, 64);
      assert.equal(result.stderr, '');
      const all = lines(result);
      assert.deepEqual(
        all.map((line) => [line.type, line.type === 'command.failed' && line.failure.kind]),
        [['command.failed', 'usage']],
      );
    });
  }

  it('is not offered by commands whose output is the guest’s', async () => {
    for (const command of ['ssh', 'console', 'completion']) {
      assert.doesNotMatch((await runCli(project, [command, '--help'])).stdout, /--json +print one/);
    }
  });
});

describe('names', () => {
  it('limit what `status` and `ssh-config` show', async () => {
    assert.equal((await castra('up')).code, 0);
    const one = await castra('status', 'web-1');
    assert.match(one.stdout, /web-1/);
    assert.doesNotMatch(one.stdout, /web-0/);
    const config = await castra('ssh-config', 'web-1');
    assert.match(config.stdout, /Host castra-p-web-1/);
    assert.doesNotMatch(config.stdout, /Host castra-p-web-0/);
    assert.equal((await castra('status', 'nobody')).code, 64);
  });

  it('may be left out where one VM runs, and are asked for where several do', async () => {
    assert.equal((await castra('up', 'web-1')).code, 0);
    assert.equal((await castra('ssh')).code, 0);
    assert.equal((await castra('up')).code, 0);
    const several = await castra('ssh');
    assert.equal(several.code, 64);
    assert.match(several.stderr, /2 VMs run\. Name one of them: web-0, web-1\./);
  });

  it('`images ls` is `images list`', async () => {
    assert.equal((await castra('images', 'ls')).code, 0);
  });
});
