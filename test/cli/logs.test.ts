import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseLines, parseSince } from '../../runtime/cli/commands/logs.ts';
import { tame } from '../../runtime/cli/render/print.ts';
import type { LogsOutcome } from '../../runtime/contract/logs.ts';
import { commandLine, findByCommandLine } from '../../runtime/process/identity.ts';
import { projectFiles, vmFiles } from '../../runtime/state/layout.ts';
import { type CliResult, lines, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { makeRoot } from '../support/stateRoots.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const LINUX = process.platform === 'linux';

const TOML = `version = "0.2.0"
[project]
name = "shop"
state_dir = "s"
[[vms]]
name = "web"
count = 2
cpus = 1
memory = "64 MiB"
base_image = "base.qcow2"
`;

describe('castra logs', () => {
  let project: TempProject;
  let stateRoot: string;
  beforeEach(() => {
    project = tempProject(TOML);
    stateRoot = join(project.path, 's');
    makeRoot(project.home, stateRoot, project.configPath);
    mkdirSync(projectFiles(stateRoot).logs, { recursive: true });
  });
  afterEach(() => project.dispose());

  const serial = (vm = 'web-0') => vmFiles(stateRoot, vm).serialLog;
  const logs = (...args: string[]) => runCli(project, ['logs', ...args]);
  async function text(...args: string[]): Promise<string[]> {
    const { stdout, stderr, code } = await logs(...args);
    assert.equal(code, 0, stderr);
    return stdout.split('\n').slice(0, -1);
  }
  const sourcesOf = (result: CliResult) => outcomeOf<LogsOutcome>(result).logs.map(({ source }) => source);

  it('shows every log by its name, and says which has nothing in it', async () => {
    writeFileSync(serial(), 'Linux version 6\r\nlogin: ');
    writeFileSync(vmFiles(stateRoot, 'web-0').qemuLog, '# 2026-01-02T03:04:05.678Z qemu-system-x86_64\n');
    writeFileSync(serial('web-1'), '');
    assert.deepEqual(await text(), [
      '[host-broker] (log file not created yet)',
      '[vm:web-0:qemu] # 2026-01-02T03:04:05.678Z qemu-system-x86_64',
      '[vm:web-0:serial] Linux version 6',
      '[vm:web-0:serial] login: ',
      '[vm:web-1:qemu] (log file not created yet)',
      '[vm:web-1:serial] (no log entries yet)',
    ]);
  });

  it('shows the last 100 lines of each, as many as --tail says, or all', async () => {
    const all = Array.from({ length: 250 }, (_, index) => `line ${index}`);
    writeFileSync(serial(), `${all.join('\n')}\n`);
    const shown = (...args: string[]) => text('web-0', '--source', 'serial', '--no-prefix', ...args);
    assert.deepEqual(await shown(), all.slice(-100));
    assert.deepEqual(await shown('--tail', '3'), all.slice(-3));
    assert.deepEqual(await shown('--tail', '0'), []);
    assert.deepEqual(await shown('--tail', 'all'), all);
  });

  it('shows only what is named: VMs, roles, kinds', async () => {
    const of = async (...args: string[]) => sourcesOf(await logs('--json', ...args));
    assert.deepEqual(await of('web-1'), ['vm:web-1:qemu', 'vm:web-1:serial']);
    assert.deepEqual(await of('web', '--source', 'serial'), ['vm:web-0:serial', 'vm:web-1:serial']);
    assert.deepEqual(await of('--source', 'qemu', '--source', 'broker'), [
      'host-broker',
      'vm:web-0:qemu',
      'vm:web-1:qemu',
    ]);
    const unknown = await logs('nope');
    assert.equal(unknown.code, 64);
    assert.match(unknown.stderr, /No VM or role named "nope" in this project\. Known: web-0, web-1\./);
    assert.equal((await logs('--source', 'kernel')).code, 64);
    assert.equal((await logs('--tail', 'many')).code, 64);
    assert.equal((await logs('--since', 'yesterday')).code, 64);
  });

  it('shows the bootstraps of one VM, oldest first, and not those of another whose name goes on', async () => {
    const folder = projectFiles(stateRoot).bootstrapLogs;
    mkdirSync(folder);
    const names = ['web-0-20260102-030405-006', 'web-0-20260101-030405-006', 'web-0-x-20260103-030405-006'];
    for (const name of names) {
      writeFileSync(join(folder, `${name}.log`), `${name}\n`);
      writeFileSync(join(folder, `${name}.json`), '{}\n');
    }
    const shown = await text('web-0', '--source', 'bootstrap', '--no-prefix');
    assert.deepEqual(shown, ['web-0-20260101-030405-006', 'web-0-20260102-030405-006']);
    assert.deepEqual(await text('web-0', '--source', 'bootstrap', '--no-prefix', '-n', '1'), shown.slice(1));
  });

  it('follows the bootstrap that runs, and the next one', async () => {
    const folder = projectFiles(stateRoot).bootstrapLogs;
    mkdirSync(folder, { recursive: true });
    const log = (time: string) => join(folder, `web-0-20260104-${time}-000.log`);
    writeFileSync(log('000001'), 'first\n');
    const following = startCli(project, ['logs', '-f', '--source', 'bootstrap', '-n', '1', '--no-prefix', 'web-0']);
    await following.until('first');
    appendFileSync(log('000001'), 'more\n');
    await following.until('more');
    writeFileSync(log('000002'), 'second\n');
    await following.until('second');
    following.child.kill('SIGINT');
    const { stdout } = await following.result;
    assert.deepEqual(stdout.trim().split('\n'), ['first', 'more', 'second']);
  });

  it('works with a broken castra.toml, and for VMs that it no longer has', async () => {
    writeFileSync(serial('old-0'), 'still here\n');
    assert.deepEqual(await text('old-0', '--source', 'serial'), ['[vm:old-0:serial] still here']);
    writeFileSync(project.configPath, `${TOML}\ncpus = [`);
    const result = await logs('--tail', '1');
    assert.equal(result.code, 0);
    assert.match(result.stdout, /\[vm:old-0:serial\] still here/);
    assert.match(result.stderr, /castra\.toml:\d+:\d+: error:/);
  });

  it('says that a log cannot be read, and goes on with the others', async () => {
    mkdirSync(serial());
    writeFileSync(serial('web-1'), 'fine\n');
    const { stdout, stderr, code } = await logs('--source', 'serial');
    assert.equal(code, 0);
    assert.match(stderr, /\[vm:web-0:serial\] \(cannot be read: .* is not a file\)/);
    assert.equal(stdout, '[vm:web-1:serial] fine\n');
  });

  it('hands bytes on to a pipe as text, control characters and all', async () => {
    writeFileSync(serial(), Buffer.from('a\u001b]0;title\u0007b\0c\xff\n', 'latin1'));
    assert.deepEqual(await text('web-0', '--source', 'serial', '--no-prefix'), ['a\u001b]0;title\u0007b\0c\ufffd']);
  });

  it('leaves out what is provably older than --since, and says what it cannot know', async () => {
    writeFileSync(`${serial()}.1`, 'older\n');
    utimesSync(`${serial()}.1`, 1_700_000_000, 1_700_000_000);
    writeFileSync(serial(), 'newer\n');
    const { stdout, stderr } = await logs('web-0', '--source', 'serial', '--since', '10m');
    assert.equal(stdout, '[vm:web-0:serial] newer\n');
    assert.match(stderr, /its lines have no times, so earlier lines of the same file are shown too/);
  });

  it('streams lines as events with --json', async () => {
    writeFileSync(serial(), 'one\n');
    const result = await logs('web-0', '--source', 'serial', '--json');
    const [, source, line, end] = lines(result).map(({ ...event }) => ({ ...event, at: undefined }));
    const origin = { source: 'vm:web-0:serial', vm: 'web-0', kind: 'serial', at: undefined };
    assert.deepEqual(source, { type: 'log.source', ...origin, path: serial(), state: 'present' });
    assert.deepEqual(line, { type: 'log.line', ...origin, text: 'one' });
    assert.equal(end?.type, 'command.completed');
  });

  it('follows through the first line, a renaming, an emptying and a prompt, until Ctrl-C', async () => {
    writeFileSync(serial(), 'old\nlast\n');
    const running = startCli(project, ['logs', '-f', '--tail', '1', '--source', 'serial']);
    await running.until('[vm:web-0:serial] last\n');
    writeFileSync(serial('web-1'), 'other\n');
    await running.until('[vm:web-1:serial] other\n');
    appendFileSync(serial(), 'before\n');
    renameSync(serial(), `${serial()}.1`);
    writeFileSync(serial(), 'after\n');
    await running.until('[vm:web-0:serial] before\n[vm:web-0:serial] after\n');
    rmSync(serial());
    writeFileSync(serial(), 'again\n');
    await running.until('[vm:web-0:serial] again\n');
    appendFileSync(serial(), 'login: ');
    await running.until('[vm:web-0:serial] login: \n');
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.result;
    assert.equal(code, 130);
    assert.equal(stderr, '');
    assert.ok(!stdout.includes('old'));
  });

  it('follows from now on with --tail 0, also where there is no folder yet', async () => {
    rmSync(stateRoot, { recursive: true });
    const running = startCli(project, ['logs', '-f', '--tail', '0', '--source', 'serial', '--json']);
    await running.until('"vm:web-1:serial"');
    mkdirSync(projectFiles(stateRoot).logs, { recursive: true });
    writeFileSync(serial(), 'first\n');
    await running.until('"text":"first"');
    running.child.stdin?.write('{"type":"cancel"}\n');
    assert.equal((await running.result).code, 130);
  });

  it('does not keep in memory what its reader is too slow for', { skip: LINUX ? false : 'needs /proc' }, async () => {
    writeFileSync(serial(), `${'x'.repeat(99)}\n`.repeat(1_500_000));
    const { child, result } = startCli(project, ['logs', '--tail', 'all', '--source', 'serial', 'web-0']);
    child.stdout?.pause();
    // Long enough to read all of it, many times over.
    await new Promise((done) => setTimeout(done, 2500));
    const [, peak = ''] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    child.stdout?.resume();
    assert.equal((await result).code, 0);
    assert.ok(Number(peak) > 10_000 && Number(peak) < 150_000, `${peak} kB`);
  });

  it('is rotated as castra.toml says while a VM runs, by a keeper that goes with it', async () => {
    writeFileSync(project.configPath, `${TOML}[logs]\nmax_size = "2 MiB"\nkeep = 7\n`);
    rmSync(stateRoot, { recursive: true });
    const up = await runCli(project, ['up', 'web-0', '--no-wait']);
    assert.equal(up.code, 0, up.stderr);
    const [keeper = 0] = findByCommandLine(serial()).filter((pid) => commandLine(pid)?.[3] === 'castra-log-keeper');
    assert.deepEqual(commandLine(keeper)?.slice(4), [
      '2097152',
      '7',
      '10',
      serial(),
      vmFiles(stateRoot, 'web-0').qemuLog,
    ]);
    await runCli(project, ['down']);
    while (findByCommandLine(serial()).length > 0) await new Promise((done) => setTimeout(done, 5));
  });

  it('ends quietly when nobody reads any more', async () => {
    writeFileSync(serial(), 'line\n'.repeat(1000));
    const running = startCli(project, ['logs', '-f', '--source', 'serial']);
    await running.until('line');
    running.child.stdout?.destroy();
    const writing = setInterval(() => appendFileSync(serial(), 'more\n'), 20);
    const ended = await new Promise((done) => running.child.once('exit', done));
    clearInterval(writing);
    assert.equal(ended, 0);
  });
});

describe('a line on a terminal', () => {
  it('keeps colours, which end with it, and nothing else that a terminal obeys', () => {
    assert.equal(tame('\u001b[1;31mred\u001b[0m plain', true), '\u001b[1;31mred\u001b[0m plain\u001b[0m');
    assert.equal(tame('\u001b[1;31mred', false), 'red');
    for (const harm of [
      '\u001b]0;title\u0007',
      '\u001b]52;c;cm0gLXJm\u001b\\',
      '\u009d52;c;cm0gLXJm\u009c',
      '\u001bP1$r\u001b\\',
      '\u001b_G\u001b\\',
      '\u001b[2J\u001b[H',
      '\u009b2J',
      '\u001b[>4;2m',
      '\u001b[?1049h',
      '\u001b[6n',
      '\u001bc',
      '\u001b(0',
      '\u001b#8',
      '\u0085',
    ]) {
      assert.equal(tame(`a${harm}b`, true), 'ab', JSON.stringify(harm));
    }
  });

  it('drops a sequence without an end to the end of the line', () => {
    assert.equal(tame('a\u001b]0;title', true), 'a');
    assert.equal(tame('a\u001b[12', true), 'a');
    assert.equal(tame('a\u001b', true), 'a');
  });

  it('shows single control characters as pictures, and leaves tabs', () => {
    assert.equal(tame('a\0b\rc\u0007\u007f\td', true), 'a␀b␍c␇␡\td');
  });

  it('cannot be made to obey by nesting: no escape is left in it', () => {
    const pieces = ['\u001b', '[', ']', 'm', '31', ';', '\u0007', '\u009b', '\u009d', 'P', '\\', 'x', '\r', '\u009c'];
    let state = 1;
    for (let round = 0; round < 20_000; round++) {
      let line = '';
      for (let piece = 0; piece < 8; piece++) {
        state = (state * 48_271) % 2_147_483_647;
        line += pieces[state % pieces.length];
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      const rest = tame(line, true).replace(/\u001b\[[\d;:]*m/g, '');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.doesNotMatch(rest, /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/, JSON.stringify(line));
    }
  });
});

describe('the flags of castra logs', () => {
  it('take numbers of lines, ages and ISO times', () => {
    assert.equal(parseLines('0'), 0);
    assert.equal(parseLines('all'), Number.POSITIVE_INFINITY);
    assert.equal(parseSince('2026-01-02T03:04:05Z'), Date.UTC(2026, 0, 2, 3, 4, 5));
    const before = Date.now();
    const since = parseSince('2h');
    assert.ok(since >= before - 7_200_000 && since <= Date.now() - 7_200_000);
  });
});
