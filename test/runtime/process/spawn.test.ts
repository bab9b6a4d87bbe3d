import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { readSettings } from '../../../runtime/process/environment.ts';
import { freeDiskBytes, readCapacity } from '../../../runtime/process/host.ts';
import { bootId, commandLine, findByCommandLine, identify, isSameProcess } from '../../../runtime/process/identity.ts';
import { childEnvironment, findExecutable, run } from '../../../runtime/process/spawn.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('findExecutable', () => {
  let folder: TempFolder;
  let tool: string;
  beforeEach(() => {
    folder = tempFolder();
    tool = join(folder.path, 'tool');
    writeFileSync(tool, '#!/bin/sh\n', { mode: 0o755 });
  });
  afterEach(() => folder.dispose());

  test('finds a program in a folder of PATH, the first one first', () => {
    assert.equal(findExecutable('tool', ['/nonexistent', folder.path].join(delimiter)), tool);
    const other = join(folder.path, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'tool'), '', { mode: 0o755 });
    assert.equal(findExecutable('tool', [other, folder.path].join(delimiter)), join(other, 'tool'));
  });

  test('ignores relative entries of PATH: a project must not decide what is run', () => {
    const here = relative(process.cwd(), folder.path);
    for (const path of [here, '.', '', `.${delimiter}${here}`, delimiter]) {
      assert.equal(findExecutable('tool', path), undefined, JSON.stringify(path));
    }
  });

  test('takes a name with a slash for a path', () => {
    assert.equal(findExecutable(tool, ''), tool);
    assert.equal(findExecutable(relative(process.cwd(), tool), ''), tool);
    assert.equal(findExecutable('./tool', folder.path), undefined);
  });

  test('passes over folders, and files that cannot be run', () => {
    mkdirSync(join(folder.path, 'folder'));
    assert.equal(findExecutable('folder', folder.path), undefined);
    chmodSync(tool, 0o644);
    assert.equal(findExecutable('tool', folder.path), undefined);
  });

  test('follows links', () => {
    symlinkSync(tool, join(folder.path, 'link'));
    symlinkSync('/nonexistent', join(folder.path, 'dangling'));
    assert.equal(findExecutable('link', folder.path), join(folder.path, 'link'));
    assert.equal(findExecutable('dangling', folder.path), undefined);
  });
});

describe('run', () => {
  test('gives both streams and the exit code', async () => {
    const result = await run('sh', ['-c', 'echo out; echo err >&2; exit 3']);
    assert.deepEqual(result, { code: 3, signal: null, stdout: 'out\n', stderr: 'err\n' });
  });

  test('kills what takes too long', async () => {
    const started = performance.now();
    assert.equal((await run('sleep', ['60'], { timeoutMs: 50 })).signal, 'SIGKILL');
    assert.ok(performance.now() - started < 30_000);
  });

  test('rejects when the program is missing, and when it is aborted', async () => {
    await assert.rejects(run('/nonexistent', []), /ENOENT/);
    await assert.rejects(run('sleep', ['60'], { signal: AbortSignal.timeout(20) }), { name: 'AbortError' });
  });
});

test('a child does not inherit what would make an Electron helper of it', () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    ELECTRON_RUN_AS_NODE: '1',
    NODE_OPTIONS: '',
    VSCODE_PID: '1',
    CASTRA_X: 'kept',
    LC_ALL: 'de',
  });
  const environment = childEnvironment();
  process.env = before;
  assert.deepEqual(
    ['ELECTRON_RUN_AS_NODE', 'NODE_OPTIONS', 'VSCODE_PID', 'CASTRA_X', 'LC_ALL'].map((name) => environment[name]),
    [undefined, undefined, undefined, 'kept', 'C'],
  );
});

describe('a process identity', () => {
  test('is the same as long as the process runs', () => {
    const self = identify(process.pid);
    assert.ok(self && isSameProcess(self));
    assert.ok(!isSameProcess({ ...self, startToken: `${self.startToken}0` }));
  });

  test('belongs to no impossible pid', () => {
    for (const pid of [0, 1, -1, 1.5, Number.NaN, 2 ** 40, Number.POSITIVE_INFINITY])
      assert.equal(identify(pid), undefined);
  });

  test('has a command line to be found by', () => {
    assert.equal(commandLine(process.pid)?.[0], process.execPath);
    const own = commandLine(process.pid)?.at(-1) ?? '';
    assert.ok(findByCommandLine(own).includes(process.pid));
  });

  test('knows the boot of the host', () => {
    assert.equal(bootId(), bootId());
    if (process.platform !== 'win32') assert.notEqual(bootId(), '');
  });
});

describe('the host', () => {
  test('has processors and memory', () => {
    const { cpus, availableMemoryBytes } = readCapacity();
    assert.ok(cpus >= 1 && availableMemoryBytes > 0);
  });

  test('tells the free space of a folder that does not exist yet', async () => {
    assert.ok((await freeDiskBytes('/tmp/castra-none/at/all')) >= 0);
  });
});

describe('readSettings', () => {
  test('takes the variables as they are and an empty one as unset', () => {
    const settings = readSettings({ CASTRA_HOME: '/h', CASTRA_QEMU: '/q', CASTRA_ACCELERATOR: ' TCG ' });
    assert.deepEqual(settings, { home: '/h', qemu: '/q', accelerator: 'tcg' });
    const unset = readSettings({ CASTRA_HOME: '', CASTRA_QEMU: '', CASTRA_ACCELERATOR: '' });
    assert.match(unset.home, /\.castra$/);
    assert.deepEqual(Object.keys(unset), ['home']);
  });

  test('refuses an accelerator that is none', () => {
    assert.throws(
      () => readSettings({ CASTRA_ACCELERATOR: 'xen' }),
      (error) => error instanceof CastraError && error.failure.kind === 'usage' && /"xen"/.test(error.message),
    );
  });
});
