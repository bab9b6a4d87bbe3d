import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { FAKE_QEMU } from '../support/fakeVm.ts';
import { findQemus, type TempProject, tempProject } from '../support/tempProject.ts';

const execute = promisify(execFile);
const image = process.env.CASTRA_TEST_GUEST;

const TOML = `version = "0.2.0"
[project]
name = "embedded"
[[vms]]
name = "web"
cpus = 1
memory = "64 MiB"
base_image = "base.qcow2"
`;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('castra/runtime', () => {
  let project: TempProject | undefined;
  afterEach(() => project?.dispose());

  it('has declarations that a program compiles against, in which each kind of failure has its fields', async () => {
    const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
    const flags = '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2023 --types node';
    const files = ['examples/embed.ts', 'examples/command.ts', 'test/library/program.ts'];
    const args = [tsc, ...flags.split(' '), '--ignoreConfig', ...files];
    const { stdout } = await execute(process.execPath, args).catch((error: Ended) => error);
    assert.equal(stdout, '');
  });

  it('runs the example: up, status, down', async () => {
    project = tempProject(TOML);
    const { code, stdout, stderr } = await runExample('embed', [project.configPath], withFakeQemu('{}'));
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(
      stdout,
      /^web-0 is ready after \d+ ms\nweb-0: running, ssh on 127\.0\.0\.1:\d+\nweb-0 is stopped \(graceful\)\n$/,
    );
    assert.deepEqual(findQemus(project.path), []);
  });

  it('runs the example with a VM that never gets ready: aborted, stopped, and the reason told', async () => {
    project = tempProject(TOML);
    const neverReady = withFakeQemu('{"*":{"noBanner":true}}');
    const { code, stderr } = await runExample('embed', [project.configPath, '2'], neverReady);
    assert.equal(code, 1);
    assert.match(stderr, /^cancelled: Cancelled\.\nTimeoutError: /);
    assert.deepEqual(findQemus(project.path), []);
  });

  it('runs the example without a castra.toml: one sentence', async () => {
    project = tempProject(TOML);
    const { code, stderr } = await runExample('embed', ['/nowhere/castra.toml'], withFakeQemu('{}'));
    assert.equal(code, 1);
    assert.match(stderr, /^config-missing: [^\n]*\n$/);
  });

  it('runs the example of one command in a VM', {
    skip: image === undefined && 'CASTRA_TEST_GUEST is not set',
  }, async () => {
    project = tempProject(TOML);
    const env = { CASTRA_HOME: project.home, CASTRA_ACCELERATOR: 'tcg' };
    const words = ['sh', '-c', 'uname; hostname; exit 3'];
    const ended = await runExample('command', [image ?? '', ...words], env);
    assert.deepEqual(ended, { code: 3, stdout: 'Linux\nworker-0\n', stderr: '' });
    assert.deepEqual(findQemus(project.path), []);
  });

  const withFakeQemu = (behaviour: string) => ({
    CASTRA_HOME: project?.home ?? '',
    CASTRA_QEMU: FAKE_QEMU,
    CASTRA_ACCELERATOR: 'tcg',
    FAKE_QEMU: behaviour,
  });

  async function runExample(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    // Beside the example, so that `castra/runtime` means this package.
    const script = join(process.cwd(), '.cache', `${name}-${process.pid}.mjs`);
    await build({ entryPoints: [`examples/${name}.ts`], outfile: script, format: 'esm', logLevel: 'error' });
    const options = { env: { ...process.env, ...env }, cwd: project?.path ?? '' };
    try {
      return { code: 0, ...(await execute(process.execPath, [script, ...args], options)) };
    } catch (error) {
      const { code, stdout, stderr } = error as Ended;
      return { code, stdout, stderr };
    } finally {
      rmSync(script, { force: true });
    }
  }
});
