import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { inspectLink, isOnPath, linkPath, makeLink, pathLine } from '../../../client/terminal/commandLink.ts';
import { cmdLauncher, shellLauncher } from '../../../client/terminal/launcher.ts';
import { writeLaunchers } from '../../../client/terminal/launcherFiles.ts';
import { tempFolder } from '../../support/tempProject.ts';

/** A folder whose name has all that a shell could take for something else. */
const AWKWARD = `it's a "folder" $HOME \`x\` \\ ü`;

/** Says how it was run, as the command line would see it. */
const CLI = `console.log(JSON.stringify({
  args: process.argv.slice(2), node: process.execPath, run: process.env.ELECTRON_RUN_AS_NODE,
  asar: process.env.ELECTRON_NO_ASAR, options: process.env.NODE_OPTIONS ?? null }));
process.exitCode = 7;`;

interface Place {
  readonly folder: string;
  readonly cli: string;
  /** A folder with everything that a launcher may need, and no node. */
  readonly bare: string;
  run(node: string, env?: Record<string, string>, ...args: string[]): ReturnType<typeof spawnSync>;
}

async function withPlace(body: (place: Place) => void): Promise<void> {
  const temporary = tempFolder();
  try {
    const folder = join(temporary.path, AWKWARD);
    const bare = join(temporary.path, 'none');
    for (const path of [folder, bare]) mkdirSync(path);
    const cli = join(folder, 'cli.js');
    writeFileSync(cli, CLI);
    const run: Place['run'] = (node, env = {}, ...args) => {
      writeLaunchers(join(folder, 'bin'), { node, cli, home: '' });
      const program = join(folder, 'bin', 'castra');
      return spawnSync('/bin/sh', [program, ...args], { env: { PATH: bare, ...env }, encoding: 'utf8' });
    };
    body({ folder, cli, bare, run });
  } finally {
    await temporary.dispose();
  }
}

function answer(result: ReturnType<typeof spawnSync>) {
  assert.equal(result.stderr, '');
  assert.equal(result.status, 7);
  return JSON.parse(String(result.stdout));
}

test('the launcher runs the command line with the Node of the extension host, with every argument as it was', () =>
  withPlace(({ run }) => {
    const args = ['exec', 'web', '--', 'echo', `it's`, '$HOME "x" *', ''];
    const {
      node,
      run: asNode,
      asar,
      options,
      args: got,
    } = answer(run(process.execPath, { NODE_OPTIONS: '--require /srv/missing.js' }, ...args));
    assert.deepEqual(got, args);
    assert.deepEqual([node, asNode, asar, options], [process.execPath, '1', '1', null]);
  }));

test('the launcher works with a Node whose path a shell could misread', () =>
  withPlace(({ folder, run }) => {
    const link = join(folder, 'my node');
    symlinkSync(process.execPath, link);
    assert.deepEqual(answer(run(link, {}, '--version')).args, ['--version']);
  }));

test('CASTRA_NODE comes first when it can be run, and is passed over when not', () =>
  withPlace(({ folder, run }) => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    assert.equal(run(broken).status, 3);
    assert.equal(answer(run(broken, { CASTRA_NODE: process.execPath })).node, process.execPath);
    for (const CASTRA_NODE of ['', '/srv/missing/node', folder]) {
      assert.equal(answer(run(process.execPath, { CASTRA_NODE })).node, process.execPath);
    }
  }));

test('when the Node of the extension host is gone, the one on PATH is taken', () =>
  withPlace(({ folder, run, bare }) => {
    const path = join(folder, 'path');
    mkdirSync(path);
    symlinkSync(process.execPath, join(path, 'node'));
    assert.equal(answer(run('/srv/missing/node', { PATH: [bare, path].join(delimiter) })).run, '1');
  }));

test('without any Node, and without the extension, one line says what to do', () =>
  withPlace(({ folder, run }) => {
    const none = run('/srv/missing/node');
    assert.equal(none.status, 127);
    assert.match(String(none.stderr), /^castra: Node was not found\. .*CASTRA_NODE\.\n$/);
    const launcher = shellLauncher({ node: process.execPath, cli: join(folder, 'gone.js') });
    const gone = spawnSync('/bin/sh', ['-c', launcher], { encoding: 'utf8' });
    assert.equal(gone.status, 127);
    assert.match(gone.stderr, /^castra: .*gone\.js is missing\. Start VS Code .*\n$/);
  }));

test('the launchers are programs, and are left alone when they are up to date', () =>
  withPlace(({ folder, cli }) => {
    const bin = join(folder, 'deep', 'bin');
    const target = { node: process.execPath, cli, home: '' };
    writeLaunchers(bin, target);
    const path = join(bin, 'castra');
    const first = statSync(path);
    assert.equal(first.mode & 0o700, 0o700);
    writeLaunchers(bin, target);
    assert.deepEqual([statSync(path).ino, statSync(path).mtimeMs], [first.ino, first.mtimeMs]);
    writeLaunchers(bin, { ...target, node: '/srv/new/node' });
    assert.match(readFileSync(path, 'utf8'), /'\/srv\/new\/node'/);
    chmodSync(path, 0o644);
    writeLaunchers(bin, { ...target, node: '/srv/new/node' });
    assert.equal(statSync(path).mode & 0o700, 0o700);
  }));

test('the launcher for Windows has its line ends, doubles percent signs, and names the home by its variable', () => {
  const home = 'C:\\Users\\Jürgen';
  const text = cmdLauncher({ node: 'D:\\100%\\Code.exe', cli: 'c:\\users\\jürgen\\.vscode\\cli.js', home });
  assert.equal(text.split('\n').filter((line) => line !== '' && !line.endsWith('\r')).length, 0);
  assert.ok(text.includes('set "_castra_cli=%USERPROFILE%\\.vscode\\cli.js"\r\n'));
  assert.ok(text.includes('set "_castra_node=D:\\100%%\\Code.exe"\r\n'));
  const labels = [...text.matchAll(/goto (\w+)/g)].map(([, label]) => label);
  for (const label of labels) assert.ok(text.includes(`\r\n:${label}\r\n`), label);
  assert.doesNotMatch(text, /[^\x20-\x7e\r\n]/);
});

test('the link for other terminals is made where nothing is, and recognised afterwards', () =>
  withPlace(({ folder }) => {
    const path = linkPath(folder);
    const launcher = join(folder, 'bin', 'castra');
    assert.deepEqual(inspectLink(path, launcher), { kind: 'free' });
    makeLink(path, launcher);
    assert.equal(readlinkSync(path), launcher);
    assert.deepEqual(inspectLink(path, launcher), { kind: 'ours' });
    assert.throws(() => makeLink(path, launcher), { code: 'EEXIST' });
  }));

test('what somebody else put there is told, not replaced', () =>
  withPlace(({ folder }) => {
    const launcher = join(folder, 'bin', 'castra');
    const file = join(folder, 'file');
    writeFileSync(file, '');
    symlinkSync('/srv/other/castra', join(folder, 'link'));
    assert.deepEqual(inspectLink(file, launcher), { kind: 'foreign', what: 'a file' });
    assert.deepEqual(inspectLink(folder, launcher), { kind: 'foreign', what: 'a folder' });
    const what = 'a link to /srv/other/castra';
    assert.deepEqual(inspectLink(join(folder, 'link'), launcher), { kind: 'foreign', what });
    assert.throws(() => makeLink(file, launcher), { code: 'EEXIST' });
  }));

test('the line for a rc file puts the folder on the PATH of a shell, whatever it is called', () =>
  withPlace(({ folder }) => {
    const script = `PATH=/srv/first\n${pathLine(folder)}\nprintf %s "$PATH"`;
    const { stdout } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
    assert.equal(stdout, `/srv/first:${folder}`);
    assert.equal(isOnPath(folder, stdout), true);
    assert.equal(isOnPath(join(folder, 'x'), stdout), false);
    assert.equal(isOnPath(folder, undefined), false);
  }));
