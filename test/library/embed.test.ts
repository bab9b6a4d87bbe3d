import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { FAKE_QEMU } from '../support/fakeVm.ts';
import { findQemus, type TempProject, tempProject } from '../support/tempProject.ts';

const execute = promisify(execFile);
const EXAMPLE = 'examples/embed.ts';

const TOML = `version = "0.2.0"
[project]
name = "embedded"
[[vms]]
name = "web"
cpus = 1
memory = "64 MiB"
base_image = "base.qcow2"
`;

describe('castra/runtime', () => {
  let project: TempProject | undefined;
  afterEach(() => project?.dispose());

  it('has declarations that a program compiles against', async () => {
    const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      '--ignoreConfig',
    ];
    await assert.doesNotReject(execute(process.execPath, [tsc, ...flags, EXAMPLE]));
  });

  it('runs the example: up, status, down', async () => {
    project = tempProject(TOML);
    // Beside the example, so that `castra/runtime` means this package.
    const script = join(process.cwd(), '.cache', `embed-${process.pid}.mjs`);
    await build({ entryPoints: [EXAMPLE], outfile: script, format: 'esm', logLevel: 'error' });
    const env = {
      ...process.env,
      CASTRA_HOME: project.home,
      CASTRA_QEMU: FAKE_QEMU,
      CASTRA_ACCELERATOR: 'tcg',
      FAKE_QEMU: '{}',
    };
    const { stdout } = await execute(process.execPath, [script, project.configPath], { env });
    assert.match(
      stdout,
      /^web-0 is ready after \d+ ms\nweb-0: running, ssh on 127\.0\.0\.1:\d+\nweb-0 is stopped \(graceful\)\n$/,
    );
    assert.deepEqual(findQemus(project.path), []);
  });
});
