import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import { outcomeOf, runCli, startCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const toml = (more = '') =>
  `version = "0.2.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n${more}`;

describe('a VM is ready', () => {
  let project: TempProject;
  afterEach(() => project.dispose());
  const up = (fake: Parameters<typeof runCli>[2], ...args: string[]) => runCli(project, ['up', ...args], fake);
  const stateOf = async () => outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json'])).vms[0];

  it('once Castra can log in with the key of the project', async () => {
    project = tempProject(toml());
    const result = await up({}, '--json');
    assert.equal(result.code, 0, result.stdout);
    assert.match(result.stdout, /"evidence":"logged in as alpine"|"evidence":"logged in as root"/);
  });

  it('not while its SSH server refuses that key, and the failure says what waits for less', async () => {
    project = tempProject(toml());
    const result = await up({ fake: { '*': { denies: true } } }, '--timeout', '9');
    assert.equal(result.code, 70);
    assert.match(result.stderr, /no SSH login within 9 s: an SSH server answers, but it does not let \w+ in/);
    assert.match(result.stderr, /`ready = "banner"` waits for no more/);
    assert.equal((await stateOf())?.state, 'starting');
  });

  it('by its banner alone with `ready = "banner"`', async () => {
    project = tempProject(toml('ready = "banner"\n'));
    const result = await up({ fake: { '*': { denies: true } } }, '--json');
    assert.equal(result.code, 0, result.stdout);
    assert.match(result.stdout, /"evidence":"SSH-2\.0-fake"/);
  });

  it('not by a server that takes connections and says nothing', async () => {
    project = tempProject(toml());
    const result = await up({ fake: { '*': { noBanner: true } } }, '--timeout', '2');
    assert.match(result.stderr, /no SSH login within 2 s/);
  });

  it('when `status` asks too: a VM that nobody waited for is running once it lets one in', async () => {
    project = tempProject(toml());
    const fake = { '*': { bootDelayMs: 5000 } };
    assert.equal((await up({ fake }, '--no-wait')).code, 0);
    assert.equal((await stateOf())?.state, 'starting');
    const waited = startCli(project, ['exec', 'web', '--', 'true']);
    const result = await waited.result;
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout + result.stderr, /web(?:-0)? is starting; waiting until it lets you in/);
    assert.equal((await stateOf())?.state, 'running');
  });
});
