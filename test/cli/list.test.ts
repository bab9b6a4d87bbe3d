import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectId } from '../../runtime/config/vms/paths.ts';
import type { PortsOutcome } from '../../runtime/contract/ports.ts';
import type { ListOutcome } from '../../runtime/contract/project.ts';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import { lines, ok, outcomeOf, runCli } from '../support/cli.ts';
import { findQemus, makeQcow2, type TempFolder, tempFolder } from '../support/tempProject.ts';

interface Place {
  readonly path: string;
  readonly home: string;
  readonly config: string;
  readonly id: string;
}

interface World {
  readonly folder: TempFolder;
  /** Where no project is. */
  readonly elsewhere: { readonly path: string; readonly home: string };
  project(folder: string, name: string): Place;
}

async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const folder = tempFolder();
  const home = join(folder.path, 'home');
  const elsewhere = join(folder.path, 'elsewhere');
  for (const path of [home, elsewhere]) mkdirSync(path, { mode: 0o700 });
  const project = (name: string, title: string): Place => {
    const path = join(folder.path, name);
    mkdirSync(path);
    makeQcow2(join(path, 'base.qcow2'));
    const vm = '[[vms]]\nname = "web"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n';
    const config = join(path, 'castra.toml');
    writeFileSync(config, `version = "0.1.0"\n[project]\nname = "${title}"\n${vm}`);
    return { path, home, config, id: projectId(config) };
  };
  try {
    await body({ folder, elsewhere: { path: elsewhere, home }, project });
  } finally {
    await folder.dispose();
  }
}

test('list shows every project that ran here with its VMs, from any folder', () =>
  inWorld(async ({ elsewhere, project }) => {
    assert.match((await ok(runCli(elsewhere, ['list']))).stdout, /No project ran on this host yet/);
    const [b, a, gone] = [project('1', 'b'), project('2', 'a'), project('3', 'gone')];
    for (const one of [b, a, gone]) await ok(runCli(one, ['up']));
    await ok(runCli(b, ['down']));
    rmSync(gone.config);
    const { projects } = outcomeOf<ListOutcome>(await ok(runCli(elsewhere, ['list', '--json'])));
    assert.deepEqual(
      projects.map(({ name, id, configGone, leftovers, vms }) => [name, id, configGone, leftovers, vms.length]),
      [
        ['a', a.id, false, 0, 1],
        ['b', b.id, false, 0, 0],
        ['gone', gone.id, true, 0, 1],
      ],
    );
    const vm = projects[0]?.vms[0];
    assert.equal(vm?.state, 'running');
    assert.equal(vm?.pid, findQemus(join(projects[0]?.stateRoot ?? ''))[0]?.pid);
    assert.ok(vm?.sshPort && vm.uptimeMs !== undefined);
    const { stdout } = await ok(runCli(elsewhere, ['list']));
    assert.match(stdout, new RegExp(`a +${a.id} +web +running +${vm?.pid} +${vm?.sshPort} +00:00:\\d\\d `));
    assert.match(stdout, new RegExp(`gone: its castra.toml is gone\\. \`castra down --project ${gone.id}\``));
  }));

test('list tells a crashed VM and what clears it', () =>
  inWorld(async ({ elsewhere, project }) => {
    const a = project('a', 'a');
    await ok(runCli(a, ['up']));
    const [qemu] = findQemus(join(a.home));
    assert.ok(qemu);
    process.kill(qemu.pid, 'SIGKILL');
    while (findQemus(a.home).length > 0) await new Promise((done) => setTimeout(done, 5));
    const [found] = outcomeOf<ListOutcome>(await ok(runCli(elsewhere, ['list', '--json']))).projects;
    assert.deepEqual([found?.leftovers, found?.vms[0]?.state], [1, 'crashed']);
    assert.match((await ok(runCli(elsewhere, ['list']))).stdout, /1 VM left files; `castra down --project/);
    await ok(runCli(elsewhere, ['down', '--project', a.id]));
    assert.deepEqual(outcomeOf<ListOutcome>(await runCli(elsewhere, ['list', '--json'])).projects[0]?.vms, []);
  }));

test('--project finds a project from another folder by its id, the beginning of it, and a name of its own', () =>
  inWorld(async ({ elsewhere, project }) => {
    const a = project('a', 'shop');
    await ok(runCli(a, ['up']));
    await ok(runCli(a, ['down']));
    for (const wanted of [a.id, a.id.slice(0, 5), 'shop']) {
      await ok(runCli(elsewhere, ['up', '--project', wanted]));
      const status = outcomeOf<StatusOutcome>(await ok(runCli(elsewhere, ['status', '--json', '--project', wanted])));
      assert.equal(status.vms[0]?.state, 'running');
      const ports = outcomeOf<PortsOutcome>(await ok(runCli(elsewhere, ['--project', wanted, 'ports', '--json'])));
      assert.equal(ports.ports[0]?.host, status.vms[0]?.sshPort);
      await ok(runCli(elsewhere, ['down', '--project', wanted]));
      assert.deepEqual(findQemus(a.home), []);
    }
  }));

test('--project fails with the ids when it means nothing, or several projects', () =>
  inWorld(async ({ elsewhere, project }) => {
    const both = [project('1', 'shop'), project('2', 'shop')];
    for (const one of both) {
      await ok(runCli(one, ['up', '--no-wait']));
      await ok(runCli(one, ['down', '--graceful-wait-secs', '0']));
    }
    const unknown = await runCli(elsewhere, ['status', '--project', 'nothing']);
    assert.equal(unknown.code, 66);
    const several = await runCli(elsewhere, ['status', '--json', '--project', 'shop']);
    assert.equal(several.code, 66);
    const last = lines(several).at(-1);
    assert.ok(last?.type === 'command.failed');
    assert.match(last.message, /"shop" is ambiguous: shop \(\w+\) or shop \(\w+\)\. Pass the full id/);
    for (const { id } of both) {
      assert.ok(unknown.stderr.includes(id), unknown.stderr);
      assert.ok(last.message.includes(id), last.message);
    }
    assert.equal((await runCli(elsewhere, ['status', '--project', ''])).code, 66);
  }));

test('VMs of a castra.toml that was deleted can still be looked at and stopped', () =>
  inWorld(async ({ elsewhere, project }) => {
    const a = project('a', 'shop');
    await ok(runCli(a, ['up']));
    rmSync(a.config);
    const status = await ok(runCli(elsewhere, ['status', '--json', '--project', a.id]));
    assert.equal(outcomeOf<StatusOutcome>(status).vms[0]?.name, 'web');
    const up = await runCli(elsewhere, ['up', '--project', a.id]);
    assert.equal(up.code, 65);
    await ok(runCli(elsewhere, ['down', '--project', a.id]));
    assert.deepEqual(findQemus(a.home), []);
  }));

test('init refuses --project, and --config with --project is refused everywhere', () =>
  inWorld(async ({ elsewhere }) => {
    const init = await runCli(elsewhere, ['init', '--project', 'x']);
    assert.equal(init.code, 64);
    assert.match(init.stderr, /--output/);
    assert.equal((await runCli(elsewhere, ['status', '--project', 'x', '-c', 'y'])).code, 64);
  }));
