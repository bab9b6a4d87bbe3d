import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CastraTask, hasFindings, planTasks, readTask, taskArguments } from '../../../client/tasks/taskPlan.ts';
import { runCli } from '../../support/cli.ts';
import { withProject } from '../../support/tempProject.ts';

const SOUND = `version = "0.1.0"
[project]
name = "tasks"
state_dir = "s"
[[vms]]
name = "web"
cpus = 1
memory = "64 MiB"
base_image = "base.qcow2"
`;
const BROKEN = `version = "0.1.0"
[project]
name = "tasks"
colour = "red"
[[vms]]
name = "web [old]"
cpus = 0
memory = "1 parsec"
base_image = "base.qcow2"
`;

interface Manifest {
  readonly contributes: {
    readonly taskDefinitions: readonly { readonly properties: { readonly command: { readonly enum: string[] } } }[];
    readonly problemMatchers: readonly {
      readonly name: string;
      readonly pattern: Readonly<Record<string, string | number>>;
    }[];
  };
}

const { contributes }: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));

test('each project of a folder has tasks, named by where it is; nothing outside of the folder has', () => {
  const configs = ['/srv/a/castra.toml', '/srv/a/sub dir/castra.toml', '/srv/ab/castra.toml'];
  const planned = planTasks('/srv/a', configs);
  assert.deepEqual(
    planned.map(({ name }) => name),
    ['up', 'down', 'status', 'validate', 'up sub dir', 'down sub dir', 'status sub dir', 'validate sub dir'],
  );
  assert.deepEqual(planned[0]?.definition, { type: 'castra', command: 'up' });
  assert.deepEqual(planned[4]?.definition, { type: 'castra', command: 'up', config: 'sub dir/castra.toml' });
});

test('what tasks.json has is read when it is whole, and every command that package.json offers is known', () => {
  for (const command of contributes.taskDefinitions[0]?.properties.command.enum ?? []) {
    assert.deepEqual(readTask({ type: 'castra', command }), { type: 'castra', command });
  }
  const whole = { type: 'castra', command: 'up', vms: ['web', 'db'], config: 'vm/castra.toml' };
  assert.deepEqual(readTask(whole), whole);
  assert.deepEqual(readTask({ ...whole, vms: [], config: '', other: 1 }), { type: 'castra', command: 'up' });
  const wrong = [
    { command: 'sh' },
    { command: undefined },
    { type: 'npm' },
    { vms: 'web' },
    { vms: [1] },
    { config: 7 },
  ];
  for (const part of wrong) assert.equal(readTask({ ...whole, ...part }), undefined, JSON.stringify(part));
  assert.equal(readTask(null), undefined);
});

test('without a config the nearest castra.toml is meant, and below the folder the only one', () => {
  const up = { type: 'castra', command: 'up' } as const;
  assert.deepEqual(taskArguments(up, '/srv/a', ['/srv/a/castra.toml', '/srv/a/b/castra.toml']), ['up']);
  assert.deepEqual(taskArguments(up, '/srv/a', ['/srv/a/castra.toml']), ['up']);
  const below = '/srv/a/b/castra.toml';
  assert.deepEqual(taskArguments(up, '/srv/a', [below, '/srv/c/castra.toml']), ['up', '--config', below]);
  assert.deepEqual(taskArguments(up, '/srv/a', [below, '/srv/a/c/castra.toml']), ['up']);
});

test('the command line takes the arguments of every task, from the folder of the workspace', () =>
  withProject('', async ({ path, home }) => {
    const folder = join(path, 'my vms');
    mkdirSync(folder);
    const config = join(folder, 'castra.toml');
    writeFileSync(config, SOUND.replace('base.qcow2', '../base.qcow2'));
    for (const { definition } of planTasks(path, [config])) {
      if (definition.command === 'up') continue;
      const { code, stdout, stderr } = await runCli({ path, home }, taskArguments(definition, path, [config]));
      assert.equal(code, 0, `${definition.command}: ${stdout}${stderr}`);
    }
  }));

test('the names of VMs arrive as names, also those that look like flags', () =>
  withProject(SOUND, async (project) => {
    for (const vm of ['nothere', '--force', '-h']) {
      const task: CastraTask = { type: 'castra', command: 'up', vms: [vm] };
      const { code, stderr } = await runCli(project, taskArguments(task, project.path, [project.configPath]));
      assert.notEqual(code, 0);
      assert.match(stderr, new RegExp(`"${vm}"`));
    }
  }));

test('the problem matcher finds every finding of validate and up, with its place, severity and code', () =>
  withProject(BROKEN, async (project) => {
    const pattern = contributes.problemMatchers.find(({ name }) => name === 'castra')?.pattern ?? {};
    const find = (line: string) => {
      const match = new RegExp(String(pattern.regexp)).exec(line);
      const part = (name: string) => match?.[Number(pattern[name])];
      return match && ['file', 'line', 'column', 'severity', 'code'].map(part).join(' ');
    };
    for (const command of ['validate', 'up'] as const) {
      const task: CastraTask = { type: 'castra', command };
      assert.equal(hasFindings(task), true);
      const { stderr } = await runCli(project, taskArguments(task, project.path, [project.configPath]));
      assert.deepEqual(
        stderr.split('\n').flatMap((line) => find(line) ?? []),
        [
          'castra.toml 4 1 warning config/unknown-key',
          'castra.toml 6 8 error config/invalid-vm-name',
          'castra.toml 7 8 error config/out-of-range',
          'castra.toml 8 10 error config/invalid-memory',
        ],
        stderr,
      );
    }
  }));
