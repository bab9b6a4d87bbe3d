import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { type CliResult, lines, runCli, startCli } from '../support/cli.ts';
import type { Behaviour } from '../support/fakeVm.ts';
import { findQemus, type TempProject, tempProject } from '../support/tempProject.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "p"\n';
const vm = (name: string, ...needs: string[]) =>
  `[[vms]]\nname = "${name}"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\nneeds = ${JSON.stringify(needs)}\n`;

/** `<type> <vm>` of the events of these types, in the order in which they happened. */
function story(result: CliResult, ...types: string[]): string[] {
  return lines(result).flatMap((line) =>
    'vm' in line && types.includes(line.type) ? [`${line.type} ${line.vm}`] : [],
  );
}

describe('VMs that need others', () => {
  let project: TempProject;
  const open = (...vms: string[]) => {
    project = tempProject(HEAD + vms.join(''));
  };
  // Forced: the host may have fewer processors than the test has VMs.
  const up = (fake: Readonly<Record<string, Behaviour>> = {}, ...names: string[]) =>
    runCli(project, ['up', '--json', '--force', ...names], { fake });
  afterEach(() => project.dispose());

  it('start once what they need is ready, and are stopped before it', async () => {
    open(vm('web', 'api'), vm('api', 'db'), vm('db'));
    const started = await up();
    assert.equal(started.code, 0, started.stdout);
    const order = ['db-0', 'api-0', 'web-0'];
    assert.deepEqual(
      story(started, 'vm.launched', 'vm.ready'),
      order.flatMap((name) => [`vm.launched ${name}`, `vm.ready ${name}`]),
    );
    const stopped = await runCli(project, ['down', '--json']);
    assert.equal(stopped.code, 0, stopped.stdout);
    assert.deepEqual(
      story(stopped, 'shutdown.requested', 'shutdown.completed'),
      order.toReversed().flatMap((name) => [`shutdown.requested ${name}`, `shutdown.completed ${name}`]),
    );
  });

  it('bring what they need when they are started by name, and nothing else', async () => {
    open(vm('web', 'db'), vm('other'), vm('db'));
    assert.deepEqual(story(await up({}, 'web'), 'vm.ready'), ['vm.ready db-0', 'vm.ready web-0']);
    const again = await up({}, 'web');
    assert.deepEqual(story(again, 'vm.kept', 'vm.ready').sort(), ['vm.kept db-0', 'vm.kept web-0']);
    await runCli(project, ['down', 'web']);
    assert.deepEqual(story(await up({}, 'web'), 'vm.kept', 'vm.ready'), ['vm.kept db-0', 'vm.ready web-0']);
  });

  it('are not started when what they need fails; the others are', async () => {
    open(vm('web', 'api'), vm('api', 'db'), vm('db'), vm('other'));
    const result = await up({ 'db-0': { exitAtStart: { code: 1, stderr: 'no\n' } } });
    assert.equal(result.code, 70);
    const last = lines(result).at(-1);
    assert.ok(last?.type === 'command.failed' && last.failure.kind === 'up-failed');
    assert.deepEqual(
      last.failure.vms.map((one) => [one.vm, one.result === 'failed' ? one.failure.kind : one.result]),
      [
        ['web-0', 'dependency-failed'],
        ['api-0', 'dependency-failed'],
        ['db-0', 'launch-failed'],
        ['other-0', 'ready'],
      ],
    );
    assert.deepEqual(story(result, 'vm.launched'), ['vm.launched other-0']);
    assert.match(last.message, /web-0 was not started: it needs api-0, which did not become ready\./);
    assert.equal(findQemus(project.path).length, 1);
  });

  it('are not started when `up` is cancelled while it waits for what they need', async () => {
    open(vm('web', 'db'), vm('db'));
    const running = startCli(project, ['up', '--json'], { fake: { 'db-0': { noBanner: true } } });
    await running.until('"vm.launched"');
    running.child.kill('SIGINT');
    const result = await running.result;
    assert.equal(result.code, 130, result.stdout);
    assert.deepEqual(story(result, 'vm.launched', 'vm.failed'), ['vm.launched db-0']);
    assert.deepEqual(findQemus(project.path), []);
  });
});
