import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  CastraError,
  type ConfigSelection,
  configFromObject,
  down,
  type Event,
  exec,
  type HostSettings,
  list,
  openVm,
  status,
  up,
  type Vm,
  withVm,
} from '../../runtime/api.ts';
import { findQemus, type TempFolder, tempFolder } from '../support/tempProject.ts';

const image = process.env.CASTRA_TEST_GUEST;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('a VM of a program', { skip: image === undefined && 'CASTRA_TEST_GUEST is not set' }, () => {
  let folder: TempFolder;
  let settings: HostSettings;
  let config: ConfigSelection;
  let vm: Vm;
  before(async () => {
    folder = tempFolder();
    settings = { home: join(folder.path, 'home'), accelerator: 'tcg' };
    config = project('worker');
    vm = await openVm({ config, settings });
  });
  after(() => folder?.dispose());

  /** Without a file. */
  const project = (name: string): ConfigSelection =>
    configFromObject(
      {
        version: '0.2.0',
        project: { name },
        vms: [{ name, cpus: 1, memory: '192 MiB', base_image: image ?? '', ssh_user: 'root' }],
      },
      join(folder.path, `${name}.toml`),
    );

  it('runs without a castra.toml, and `up` again says its ports', async () => {
    assert.equal(vm.startedHere, true);
    const { value } = await up({ config, settings });
    const [result] = value.vms;
    assert.equal(result?.result, 'already-running');
    assert.deepEqual('launch' in result && result.launch, vm.launch);
    assert.equal(vm.launch.forwards[0]?.host, vm.launch.sshPort);
    const text = { kind: 'text', path: join(folder.path, 'worker.toml'), text: 'broken' } as const;
    assert.equal((await status({ config: text, settings })).value.vms[0]?.state, 'running');
  });

  it('is found by the name of its project, although that has no file', async () => {
    const { projects } = (await list({ settings })).value;
    assert.deepEqual(
      projects.map(({ name, configGone }) => [name, configGone]),
      [['worker', true]],
    );
    const { value } = await status({ config: { kind: 'project', id: 'worker' }, settings });
    assert.deepEqual(
      value.vms.map(({ name }) => name),
      ['worker-0'],
    );
  });

  it('gives and takes bytes as they are', async () => {
    const bytes = randomBytes(300_000);
    const { stdout, stderr, exitCode, truncated } = await vm.exec('cat; printf "\\377\\0" >&2', { input: bytes });
    assert.deepEqual([exitCode, truncated, sha256(stdout)], [0, false, sha256(bytes)]);
    assert.deepEqual([...stderr], [0xff, 0]);
  });

  it('keeps of a flood only what it may, and lets the command end', async () => {
    const flood = await vm.exec('head -c 5000000 /dev/zero; echo done >&2; exit 4', { maxBytes: 1000 });
    assert.deepEqual(
      [flood.exitCode, flood.stdout.length, flood.stderr.toString(), flood.truncated],
      [4, 1000, 'done\n', true],
    );
  });

  it('tells a signal, a timeout and an abort apart; the command in the guest ends', async () => {
    const killed = await vm.exec(['sh', '-c', 'kill -9 $$']);
    assert.deepEqual([killed.exitCode, killed.signal], [137, 'SIGKILL']);
    const started = performance.now();
    const late = vm.exec('echo begun; exec sleep 4321', { timeoutMs: 500 });
    await assert.rejects(late, fails('command-timed-out', /worker-0: the command did not end within 0\.5 s/));
    assert.ok(performance.now() - started < 5000);
    const reason = new Error('had enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 500);
    const aborted = vm.exec('exec sleep 4321', { signal: controller.signal });
    await assert.rejects(aborted, (error: Error) => fails('cancelled')(error) && error.cause === reason);
    assert.equal((await vm.exec('ps | grep -c "[s]leep 4321"')).stdout.toString(), '0\n');
  });

  it('hands on what a command printed before its timeout, to `exec`', async () => {
    const wanted = { config, settings, command: ['echo begun; sleep 99'], capture: { maxBytes: 99 }, timeoutMs: 500 };
    const [result] = (await exec(wanted)).value.vms;
    assert.ok(result && 'failure' in result);
    assert.deepEqual([result.failure.kind, result.output?.stdout.toString()], ['command-timed-out', 'begun\n']);
  });

  it('is left running by those who did not start it', async () => {
    const ran = await withVm({ config, settings, vm: 'worker' }, async (same) => {
      assert.equal(same.startedHere, false);
      return same.exec('hostname');
    });
    assert.equal(ran.stdout.toString(), 'worker-0\n');
    assert.equal(findQemus(folder.path).length, 1);
  });

  it('lives as long as its block, whatever ends that', async () => {
    const other = { config: project('other'), settings };
    const failure = new TypeError('of the program');
    const block = async () => {
      await using mine = await openVm(other);
      assert.equal((await mine.exec('true')).exitCode, 0);
      throw failure;
    };
    await assert.rejects(block(), failure);
    assert.equal(findQemus(folder.path).length, 1);
  });

  it('is not left behind by an `openVm` that is aborted, or whose reporter throws', async () => {
    const other = { config: project('aborted'), settings };
    const controller = new AbortController();
    const launched = (act: () => void) => (event: Event) => {
      if (event.type === 'vm.launched') act();
    };
    const opened = openVm(other, { report: launched(() => controller.abort('enough')), signal: controller.signal });
    await assert.rejects(opened, (error: Error) => fails('cancelled')(error) && error.cause === 'enough');
    const bug = new RangeError('a bug of the reporter');
    const reporting = launched(() => {
      throw bug;
    });
    await assert.rejects(openVm(other, { report: reporting }), bug);
    assert.equal(findQemus(folder.path).length, 1);
  });

  it('is stopped by `down` with the signal that ended the work', async () => {
    const signal = AbortSignal.abort(new Error('before'));
    await assert.rejects(up({ config, settings }, { signal }), (error: Error) => error.cause === signal.reason);
    const { value } = await down({ config: { kind: 'project', id: 'worker' }, settings }, { signal });
    assert.deepEqual(
      value.vms.map(({ vm: name, result }) => [name, result]),
      [['worker-0', 'stopped']],
    );
    await vm.stop();
    await vm.stop();
    assert.deepEqual(findQemus(folder.path), []);
    await assert.rejects(vm.exec('true'), fails('not-running'));
  });

  it('tells a folder that does not exist, and a project of several VMs', async () => {
    const nowhere = { kind: 'text', path: '/nowhere/p.toml', text: '' } as const;
    await assert.rejects(up({ config: nowhere, settings }), fails('usage', /^\/nowhere, the folder of the project/));
    const several = { kind: 'text', path: join(folder.path, 'x.toml'), text: SEVERAL } as const;
    await assert.rejects(openVm({ config: several, settings }), fails('usage', /The project has a-0, b-0/));
  });

  const fails =
    (kind: string, message = /./) =>
    (error: unknown): boolean => {
      assert.ok(error instanceof CastraError, String(error));
      assert.equal(error.failure.kind, kind);
      assert.match(error.message, message);
      return true;
    };
});

const SEVERAL = 'version = "0.2.0"\n[project]\nname = "x"\n[[vms]]\nname = "a"\n[[vms]]\nname = "b"\n';
