import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CastraError, type Failure } from '../../../../runtime/contract/failures.ts';
import type { StatusOutcome } from '../../../../runtime/contract/vms.ts';
import {
  explainAbsence,
  type NamedVm,
  oneVmCalled,
  projectVms,
  requireRunning,
  vmsCalled,
} from '../../../../runtime/operations/project/vms.ts';
import { ok, outcomeOf, runCli } from '../../../support/cli.ts';
import { withProject } from '../../../support/tempProject.ts';

const vm = (name: string, role: string): NamedVm => ({ name, role });
const ALL = [vm('web-0', 'web'), vm('web-1', 'web'), vm('db-0', 'db'), vm('old', 'old')];
/** A role that is called like a VM of another role; castra.toml is warned of it. */
const AMBIGUOUS = [vm('web-0', 'web'), vm('web-1', 'web'), vm('web-1-0', 'web-1'), vm('web-1-1', 'web-1')];
const names = (vms: readonly NamedVm[]) => vms.map(({ name }) => name);

function failureOf(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    if (error instanceof CastraError) return error.failure;
    throw error;
  }
  return assert.fail('it did not fail');
}

describe('names of VMs', () => {
  it('mean a VM, or all VMs of a role, in the order of the project', () => {
    assert.deepEqual(names(vmsCalled(ALL, ['db-0'])), ['db-0']);
    assert.deepEqual(names(vmsCalled(ALL, ['db', 'web'])), ['web-0', 'web-1', 'db-0']);
    assert.deepEqual(names(vmsCalled(ALL, ['web', 'web-0'])), ['web-0', 'web-1']);
  });

  it('mean all of them when there are none', () => {
    assert.deepEqual(vmsCalled(ALL, []), ALL);
  });

  it('mean the VM where a role has the same name', () => {
    assert.deepEqual(names(vmsCalled(AMBIGUOUS, ['web-1'])), ['web-1']);
    assert.equal(oneVmCalled(AMBIGUOUS, 'web-1').name, 'web-1');
    assert.deepEqual(names(vmsCalled(AMBIGUOUS, ['web'])), ['web-0', 'web-1']);
  });

  it('that mean nothing are all named, with what there is', () => {
    assert.deepEqual(
      failureOf(() => vmsCalled(ALL, ['web', 'wbe', 'bd'])),
      {
        kind: 'unknown-vm',
        names: ['wbe', 'bd'],
        known: names(ALL),
      },
    );
  });

  it('mean one VM only if the role has one', () => {
    assert.equal(oneVmCalled(ALL, 'db').name, 'db-0');
    const failure = failureOf(() => oneVmCalled(ALL, 'web'));
    assert.equal(failure.kind, 'usage');
    assert.match(failure.kind === 'usage' ? failure.detail : '', /several VMs.*web-0, web-1/);
    assert.equal(failureOf(() => oneVmCalled(ALL, 'nothing')).kind, 'unknown-vm');
  });
});

describe('the VMs of a project', () => {
  const TOML = 'version = "0.2.0"\n[project]\nname = "p"\n';
  const role = (name: string) => `[[vms]]\nname = "${name}"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n`;

  it('are those of castra.toml and those that run without it, which know their role', () =>
    withProject(TOML + role('web') + role('db'), async (project) => {
      await ok(runCli(project, ['up', 'web']));
      writeFileSync(project.configPath, TOML + role('db'));
      const { stateRoot, vms } = outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json']));
      assert.deepEqual(
        vms.map(({ name, state }) => [name, state]),
        [
          ['db-0', 'stopped'],
          ['web-0', 'orphaned'],
        ],
      );
      assert.deepEqual(projectVms(stateRoot, []), [{ name: 'web-0', role: 'web' }]);
      await ok(runCli(project, ['down', 'web']));
    }));
});

describe('why a VM cannot be reached', () => {
  it('is one sentence, and what starts it', () => {
    assert.match(explainAbsence('web', { kind: 'absent' }), /^it is stopped\. `castra up web` starts it\.$/);
    assert.match(explainAbsence('web', { kind: 'foreign', pid: 7 }), /pid 7, which is another process/);
  });

  it('comes as a failure where a running VM is needed', () => {
    const failure = failureOf(() => requireRunning('web', { kind: 'absent' }));
    assert.deepEqual(failure, { kind: 'not-running', vm: 'web', detail: 'it is stopped. `castra up web` starts it.' });
  });
});
