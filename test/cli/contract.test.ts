import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { exitCodes } from '../../runtime/contract/failures.ts';
import { type CliOptions, type CliResult, ok, runCli, startCli } from '../support/cli.ts';
import { golden, type Mask, maskStream } from '../support/goldenStream.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const FORWARDS = 'port_forwards = [{ host = 0, guest = 80 }, { host = 0, guest = 53, protocol = "udp" }]';
const vm = (image: string) =>
  `[[vms]]\nname = "web"\ncpus = 1\nmemory = "256 MiB"\nbase_image = '''${image}'''\n${FORWARDS}\n`;
const TOML = `version = "0.2.0"\n[project]\nname = "shop"\nstate_dir = "state"\n`;
/** Warnings about this host's processors and memory, and how many looks a boot took. */
const HOST_DEPENDENT = ['diagnostic', 'vm.phase'];

/** The streams of --json, whole: what programs rely on. A change here is a change of the contract (CHANGELOG.md). */
describe('the contract of --json', () => {
  let project: TempProject;
  beforeEach(() => {
    project = tempProject(TOML + vm('base.qcow2'));
  });
  afterEach(() => project.dispose());

  const run = (args: readonly string[], options?: CliOptions) => runCli(project, ['--json', ...args], options);

  function holds(name: string, result: CliResult, more: Partial<Mask> = {}): void {
    const texts = { [project.path]: '<project>', ...more.texts };
    const actual = maskStream(result, { without: HOST_DEPENDENT, ...more, texts });
    assert.equal(actual, golden(`test/cli/golden/${name}.ndjson`, actual), `${name}: ${result.stderr}`);
  }

  it('up, status, ports and down', async () => {
    holds('up', await ok(run(['up'])));
    holds('up-again', await ok(run(['up'])));
    holds('status', await ok(run(['status'])));
    holds('ports', await ok(run(['ports'])));
    holds('down', await ok(run(['down'])));
    holds('status-stopped', await ok(run(['status'])));
    holds('down-again', await ok(run(['down'])));
  });

  it('images list', async () => {
    holds('images-list-empty', await ok(run(['images', 'list'])));
    holds('images-import', await ok(run(['images', 'import', project.baseImage])), { fields: DIGESTS });
    holds('images-list', await ok(run(['images', 'list'])), { fields: DIGESTS });
  });

  it('doctor: its checks, whatever this host answers', async () => {
    const result = await run(['doctor']);
    assert.ok(result.code === 0 || result.code === 1, result.stdout);
    const last = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as {
      outcome: { findings: readonly { check: string }[] };
    };
    const checks = last.outcome.findings.map(({ check }) => check);
    const groups = [...new Set(checks.map((check) => check.split('.')[0]))];
    const shapes = last.outcome.findings.map((finding) => Object.keys(finding).sort().join());
    const actual = `${JSON.stringify({ keys: Object.keys(last.outcome).sort(), groups, shapes: [...new Set(shapes)].sort() })}\n`;
    assert.equal(actual, golden('test/cli/golden/doctor.ndjson', actual));
  });

  it('exec', { skip: guestObstacle() }, async () => {
    writeFileSync(project.configPath, TOML + vm(process.env.CASTRA_TEST_GUEST ?? ''));
    await ok(runCli(project, ['up', '--json'], { real: true }));
    const result = await run(['exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'], { real: true });
    assert.equal(result.code, 3, result.stdout + result.stderr);
    holds('exec', result);
  });

  describe('one failure of each exit code', () => {
    const fails = async (name: keyof typeof exitCodes, args: readonly string[], options?: CliOptions) => {
      const result = await run(args, options);
      assert.equal(result.code, exitCodes[name], result.stdout + result.stderr);
      holds(`failure-${exitCodes[name]}-${name}`, result, { fields: { detail: '<detail>' } });
    };

    it('64 unknown-vm', () => fails('unknown-vm', ['up', 'db']));

    it('65 config-invalid', () => {
      writeFileSync(project.configPath, `${TOML}[[vms]]\nname = "web"\ncpus = 0\n`);
      return fails('config-invalid', ['up']);
    });

    it('66 config-missing', () => fails('config-missing', ['up', '--config', join(project.path, 'other.toml')]));

    it('70 up-failed', () =>
      fails('up-failed', ['up'], { fake: { '*': { exitAtStart: { code: 1, stderr: 'no such device' } } } }));

    it('73 already-initialized', () => fails('already-initialized', ['init']));

    it('74 write-failed', async () => {
      const folder = join(project.path, 'read-only');
      mkdirSync(folder, { mode: 0o555 });
      await fails('write-failed', ['init'], { cwd: folder, obedient: true });
    });

    it('75 busy', async () => {
      const starting = startCli(project, ['up', '--json'], { fake: { '*': { noBanner: true } } });
      await starting.until('"vm.launched"');
      await fails('busy', ['up']);
      starting.child.kill('SIGINT');
      assert.equal((await starting.result).code, exitCodes.cancelled);
    });

    it('130 cancelled', async () => {
      const starting = startCli(project, ['up', '--json'], { fake: { '*': { noBanner: true } } });
      await starting.until('"vm.launched"');
      starting.child.stdin?.write('{"type":"cancel"}\n');
      const result = await starting.result;
      assert.equal(result.code, exitCodes.cancelled);
      holds('failure-130-cancelled', result);
    });

    it('255 exec on a VM without an SSH server', async () => {
      const up = await run(['up', '--timeout', '1'], { fake: { '*': { noBanner: true } } });
      assert.equal(up.code, exitCodes['not-ready']);
      const result = await run(['exec', '--all', '--', 'true']);
      assert.equal(result.code, exitCodes['ssh-failed']);
      holds('failure-255-ssh-failed', result, { fields: { detail: '<detail>', text: '<text>' } });
    });

    it('covers every exit code that there is', () => {
      const covered = [64, 65, 66, 70, 73, 74, 75, 130, 255];
      assert.deepEqual(
        [...new Set(Object.values(exitCodes))].sort((a, b) => a - b),
        covered,
      );
    });
  });
});

const DIGESTS = { sha256: '<sha256>', sha512: '<sha512>', path: '<path>', url: '<url>' };

function guestObstacle(): string | false {
  const guest = process.env.CASTRA_TEST_GUEST;
  if (guest === undefined || guest === '') return 'CASTRA_TEST_GUEST names no image: npm test builds it on Debian';
  return existsSync(guest) ? false : `${guest} does not exist`;
}
