import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, it } from 'node:test';
import type { Diagnostic } from '../../runtime/contract/diagnostics.ts';
import { lines, ok, runCli } from '../support/cli.ts';
import { type TempProject, withProject } from '../support/tempProject.ts';

const CPUS = availableParallelism();
const toml = (comment: string) =>
  `version = "0.2.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\ncpus = ${CPUS}${comment}\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n`;

async function codes(project: TempProject, ...args: string[]): Promise<Diagnostic['code'][]> {
  const result = await ok(runCli(project, ['--json', ...args]));
  return lines(result).flatMap((line) => (line.type === 'diagnostic' ? [line.diagnostic.code] : []));
}

describe('# castra: ignore', () => {
  it('hides a warning about this host from up, at the line that asks for it', {
    skip: CPUS < 2 && 'a host with one processor refuses the VM instead of warning',
  }, async () => {
    await withProject(toml(''), async (project) => {
      assert.deepEqual(await codes(project, 'up'), ['host/cpus']);
    });
    await withProject(toml(' # castra: ignore host/cpus'), async (project) => {
      assert.deepEqual(await codes(project, 'up'), []);
    });
  });

  it('is not called useless by validate when it is about this host', () =>
    withProject(toml(' # castra: ignore host/cpus'), async (project) => {
      assert.deepEqual(await codes(project, 'validate'), []);
    }));

  it('cannot hide what keeps a VM from starting', () =>
    withProject(
      toml(' # castra: ignore host/cpus').replace(`cpus = ${CPUS}`, `cpus = ${CPUS + 1}`),
      async (project) => {
        const result = await runCli(project, ['--json', 'up']);
        const last = lines(result).at(-1);
        assert.equal(result.code, 70, result.stdout);
        assert.equal(last?.type === 'command.failed' && last.failure.kind, 'preflight-failed');
      },
    ));

  it('is called useless when its code can only be an error', () =>
    withProject(toml(' # castra: ignore host/user-data'), async (project) => {
      assert.deepEqual(await codes(project, 'validate'), ['config/useless-ignore']);
    }));
});
