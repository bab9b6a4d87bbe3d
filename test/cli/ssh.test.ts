import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecOutcome, SshConfigOutcome } from '../../runtime/contract/ssh.ts';
import { findExecutable } from '../../runtime/process/spawn.ts';
import { projectFiles, vmFiles } from '../../runtime/state/layout.ts';
import { CLI, type CliOptions, type CliResult, lines, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { type SshProject, sshProject } from '../support/sshProject.ts';

const image = process.env.CASTRA_TEST_GUEST;
const REAL: CliOptions = { real: true };
/** A host without OpenSSH; nothing of what these commands do needs another program. */
const WITHOUT_SSH: CliOptions = { real: true, env: { PATH: '/nonexistent' } };
const WAYS = [
  ['the system’s ssh', REAL],
  ['no ssh on the host', WITHOUT_SSH],
] as const;
const USER_BITS = 0o777;

describe('SSH to real guests', { skip: image === undefined && 'CASTRA_TEST_GUEST is not set' }, () => {
  let project: SshProject;
  let place: { path: string; home: string };
  before(async () => {
    project = sshProject(image ?? '', 2);
    place = project;
    const up = await runCli(place, ['up', 'web'], REAL);
    assert.equal(up.code, 0, up.stdout + up.stderr);
  });
  after(() => project?.dispose());

  const castra = (args: readonly string[], options = REAL, input = ''): Promise<CliResult & { bytes: Buffer }> =>
    runWithInput(place, args, options, input);

  for (const [way, options] of WAYS) {
    test(`a command’s output, errors and exit code are its own, with ${way}`, async () => {
      const words = ['sh', '-c', 'echo "$HOME" "$1"; echo oops >&2; exit 7', 'sh', "it's  $x"];
      const result = await castra(['ssh', 'web-0', '--', ...words], options);
      assert.deepEqual([result.code, result.stdout, result.stderr], [7, "/root it's  $x\n", 'oops\n']);
      const dashes = await castra(['ssh', 'web-0', 'echo', '--json', '-c', 'x'], options);
      assert.equal(dashes.stdout, '--json -c x\n');
      const line = await castra(['ssh', 'web-0', 'echo a | tr a b; exit 3'], options);
      assert.deepEqual([line.code, line.stdout], [3, 'b\n']);
    });

    test(`standard input reaches the command, byte for byte and back, with ${way}`, async () => {
      const bytes = randomBytes(1_000_000);
      const file = join(project.path, 'bytes');
      writeFileSync(file, bytes);
      const result = await castra(['ssh', 'web-1', '--', 'cat'], options, file);
      assert.equal(result.code, 0, result.stderr);
      assert.equal(digest(result.bytes), digest(bytes));
    });

    test(`a shell gets its commands from standard input when there is no terminal, with ${way}`, async () => {
      const file = join(project.path, 'script');
      writeFileSync(file, 'echo from-$((40+2))\nexit 9\n');
      const result = await castra(['ssh', 'web-1'], options, file);
      assert.equal(result.code, 9, result.stderr);
      assert.match(result.stdout, /from-42/);
    });

    test(`another host key is refused, and the message names the VM, with ${way}`, async () => {
      const pub = `${vmFiles(project.stateRoot, 'web-0').hostKey}.pub`;
      const right = readFileSync(pub, 'utf8');
      writeFileSync(pub, readFileSync(`${projectFiles(project.stateRoot).identity}.pub`, 'utf8'));
      try {
        const result = await castra(['ssh', 'web-0', '--', 'echo', 'never'], options);
        assert.equal(result.code, 255);
        assert.equal(result.stdout, '');
        assert.match(result.stderr, /Error: web-0 did not prove its identity: .*does not have the host key/);
        const both = await castra(['exec', 'web', '--json', '--', 'echo', 'never'], options);
        assert.equal(both.code, 64, 'options stand before the first VM');
        const json = await castra(['exec', '--json', 'web', '--', 'echo', 'here'], options);
        const [bad, good] = outcomeOf<ExecOutcome>(json).vms;
        assert.equal(bad && 'failure' in bad && bad.failure.kind, 'host-key-mismatch');
        assert.deepEqual(good, { vm: 'web-1', exitCode: 0 });
        assert.equal(json.code, 255);
        const cp = await castra(['cp', file('x', 'x'), 'web-0:/tmp/never'], options);
        assert.match(cp.stderr, /Error: web-0 did not prove its identity/);
      } finally {
        writeFileSync(pub, right);
      }
    });

    test(`exec tells each line with its VM and the highest exit code, with ${way}`, async () => {
      const script = 'echo out; echo err >&2; printf part';
      const result = await castra(['exec', 'web', '--', 'sh', '-c', script], options);
      assert.equal(result.code, 0, result.stderr);
      assert.deepEqual(result.stdout.trim().split('\n').sort(), each('out', 'part'));
      assert.deepEqual(result.stderr.trim().split('\n').sort(), each('err'));
      const failed = await castra(['exec', '--all', 'read x; exit 5'], options);
      assert.equal(failed.code, 5);
      assert.equal(failed.stderr, 'Failed on 2 of 2: web-0 (exit code 5), web-1 (exit code 5)\n');
    });

    test(`exec tells a command that a signal ended from one that exits with 255, with ${way}`, async () => {
      const killed = await castra(['exec', '--json', 'web', '--', 'kill -9 $$'], options);
      assert.deepEqual(outcomeOf<ExecOutcome>(killed).vms[1], { vm: 'web-1', exitCode: 137, signal: 'SIGKILL' });
      assert.equal(killed.code, 137);
      const words = await castra(['exec', 'web-0', '--', 'kill -TERM $$'], options);
      assert.deepEqual([words.code, words.stderr], [143, 'Failed on 1 of 1: web-0 (ended by SIGTERM)\n']);
      const own = await castra(['exec', 'web-0', '--', 'exit 255'], options);
      assert.deepEqual([own.code, own.stderr], [255, 'Failed on 1 of 1: web-0 (exit code 255)\n']);
    });

    test(`exec streams a flood without keeping it, with ${way}`, async () => {
      const result = await castra(['exec', '--json', 'web', '--', 'head -c 2000000 /dev/zero | tr "\\0" x'], options);
      const sizes = new Map<string, number>();
      for (const line of lines(result)) {
        if (line.type !== 'exec.output') continue;
        assert.ok(line.text.length <= 128 * 1024, `${line.text.length} characters at once`);
        sizes.set(line.vm, (sizes.get(line.vm) ?? 0) + line.text.length);
      }
      assert.deepEqual([...sizes.entries()].sort(), [
        ['web-0', 2_000_000],
        ['web-1', 2_000_000],
      ]);
    });

    test(`SIGTERM ends ssh and exec soon, with ${way}`, async () => {
      for (const args of [
        ['ssh', 'web-0', 'echo runs; sleep 1000'],
        ['exec', 'web-0', '--', 'echo runs; sleep 1000'],
      ]) {
        const { child, until, result } = startCli(place, args, options);
        await until('runs');
        child.kill('SIGTERM');
        const { code } = await result;
        assert.ok(code === 130 || code === 143, `${args[0]}: ${code}`);
      }
    });

    test(`a reader that has had enough ends the command, with ${way}`, async () => {
      // ssh(1) itself waits for the server to stop, which dropbear does not do.
      const ssh = options === WITHOUT_SSH ? [['ssh', 'web-0', 'yes']] : [];
      for (const args of [...ssh, ['exec', 'web', '--', 'yes']]) {
        const { child, until, result } = startCli(place, args, options);
        await until('y');
        child.stdout?.destroy();
        const { code, signal, stderr } = await result;
        assert.deepEqual([signal, code, stderr], [null, 141, ''], args[0]);
      }
    });

    test(`a terminal there is a terminal here, of the same size and after a change of it, with ${way}`, async (t) => {
      const tmux = findExecutable('tmux');
      if (tmux === undefined) return t.skip('there is no tmux here');
      const screen = openTmux(tmux, ['ssh', 'web-1'], options);
      try {
        await screen.until(/# $/m);
        screen.type('stty size; tty; echo $((6*7))');
        await screen.until(/31 97\s+\/dev\/pts\/\d+\s+42/);
        screen.run('resize-window', '-t', 'x', '-x', '111', '-y', '35');
        await delay(200);
        screen.type('stty size');
        await screen.until(/35 111/);
        screen.type('sleep 1000');
        await delay(300);
        screen.run('send-keys', '-t', 'x', 'C-c');
        screen.type('echo still-$((1+1)); exit 6');
        await screen.until(/ENDED 6/);
        assert.match(screen.text(), /still-2/);
      } finally {
        screen.close();
      }
    });
  }

  test('ssh says when the system’s ssh exits with 255 although it could connect', async () => {
    const { code, stderr } = await castra(['ssh', 'web-0', 'kill -9 $$']);
    assert.equal(code, 255);
    assert.match(stderr, /web-0: ssh exited with 255 although it can log in: .*a signal ended it/);
  });

  test('a full disk is one sentence, and exec exits with 74', {
    skip: process.platform !== 'linux' && '/dev/full is a part of Linux',
  }, () => {
    for (const json of ['', '--json']) {
      const line = `'${process.execPath}' '${CLI}' exec ${json} web -- yes > /dev/full`;
      const { status, stderr } = spawnSync('sh', ['-c', line], {
        cwd: place.path,
        env: environment(REAL),
        encoding: 'utf8',
      });
      assert.equal(status, 74);
      assert.match(stderr, /^Error: Cannot write the output: ENOSPC[^\n]*\n$/);
    }
  });

  test('two fast writers and a slow reader give no warning of Node', async () => {
    const line = `'${process.execPath}' '${CLI}' exec web -- 'head -c 6000000 /dev/zero | tr "\\0" x' | (sleep 1; wc -c)`;
    const child = spawn('sh', ['-c', line], { cwd: place.path, env: environment(REAL) });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdout.resume();
    await new Promise((done) => child.once('close', done));
    assert.equal(stderr, '');
  });

  const each = (...texts: string[]) => ['web-0', 'web-1'].flatMap((vm) => texts.map((text) => `[${vm}] ${text}`));

  test('a role with two running VMs is asked back, a stopped VM and an unknown one are named', async () => {
    const role = await castra(['ssh', 'web', 'true']);
    assert.deepEqual([role.code, role.stdout], [64, '']);
    assert.match(role.stderr, /"web" means 2 running VMs: web-0, web-1/);
    const stopped = await castra(['ssh', 'db', 'true']);
    assert.equal(stopped.code, 70);
    assert.match(stopped.stderr, /db-0 is not running: it is stopped\. `castra up db-0` starts it/);
    const unknown = await castra(['cp', 'wbe:/etc/passwd', '.']);
    assert.equal(unknown.code, 64);
    assert.match(unknown.stderr, /No VM or role named "wbe"/);
    const mixed = await castra(['exec', 'web-0', 'db', '--', 'true']);
    assert.equal(mixed.code, 70);
    assert.match(mixed.stderr, /db-0 is not running.*\nFailed on 1 of 2: db-0/);
    const json = await castra(['ssh', '--json', 'web-0', 'true']);
    assert.equal(json.code, 64);
  });

  test('ssh-config has the VMs that run, for ssh alone, and files that only we can read', async () => {
    const printed = await castra(['ssh-config']);
    assert.match(printed.stdout, /^# .*\n#\s+Include "/);
    const { path, hosts } = outcomeOf<SshConfigOutcome>(await castra(['ssh-config', '--json']));
    assert.equal((await castra(['ssh-config', '--path'])).stdout, `${path}\n`);
    assert.deepEqual(
      hosts.map(({ vm, host }) => [vm, host]),
      [
        ['web-0', 'castra-ssh-test-web-0'],
        ['web-1', 'castra-ssh-test-web-1'],
      ],
    );
    for (const file of [path, projectFiles(project.stateRoot).knownHosts]) {
      assert.equal(statSync(file).mode & USER_BITS, 0o600, file);
    }
    const before = statSync(path, { bigint: true }).ino;
    await castra(['ssh-config']);
    assert.equal(statSync(path, { bigint: true }).ino, before, 'written again without a change');
    const ssh = spawnSync('ssh', ['-F', path, 'castra-ssh-test-web-1', 'echo', 'hello'], { encoding: 'utf8' });
    assert.deepEqual([ssh.stdout, ssh.stderr], ['hello\n', '']);
    writeFileSync(
      join(project.path, 'user config'),
      `Include "${path.replaceAll('"', '\\"')}"\nHost other\n  Port 7\n`,
    );
    const other = spawnSync('ssh', ['-F', join(project.path, 'user config'), '-G', 'other'], { encoding: 'utf8' });
    assert.match(other.stdout, /^port 7$/m);
    assert.doesNotMatch(other.stdout, /known_hosts"?$|castra/m);
  });

  const file = (name: string, text: string): string => {
    const path = join(project.path, name);
    writeFileSync(path, text);
    return path;
  };

  test('a tree with odd names goes into a VM and comes back the same', async () => {
    const make = `
      mkdir -p "tree/sub é/-rf" 'tree/$HOME *'; cd tree
      : >empty; printf 'a\\0b' >"it's \\"odd\\"\\\\"; printf x >'sub é/-rf/-n'; ln -s ../nowhere link
      printf y >'$HOME */#~'; chmod 640 empty; chmod 751 'sub é'; chmod 500 'sub é/-rf'`;
    assert.equal(spawnSync('sh', ['-ec', make], { cwd: project.path }).status, 0);
    const there = await castra(['cp', 'tree', 'web-0:-odd dir']);
    assert.equal(there.code, 0, there.stderr);
    const back = await castra(['cp', '-r', 'web-0:-odd dir', 'back'], WITHOUT_SSH);
    assert.equal(back.code, 0, back.stderr);
    const listing = (folder: string) =>
      spawnSync('sh', ['-c', 'find . -printf "%p %m %y %l\\n" | sort; find . -type f -exec cat {} +'], {
        cwd: join(project.path, folder),
        encoding: 'utf8',
      }).stdout;
    assert.ok(listing('tree').includes('-rf/-n 644 f'));
    assert.equal(listing('back'), listing('tree'));
  });

  test('cp follows the rules of cp: into a folder, to a name, several only into a folder', async () => {
    const [one, two] = [file('one', '1'), file('two', '22')];
    const both = await castra(['cp', '--json', one, two, 'web-1:/tmp']);
    assert.deepEqual(outcomeOf(both), { vm: 'web-1', direction: 'to-vm', files: 2, bytes: 3 });
    assert.equal((await castra(['cp', 'one', 'web-1:/tmp/renamed'])).code, 0);
    assert.equal((await castra(['cp', 'web-1:/tmp/renamed', 'web-1:/tmp/two', '.'])).code, 0);
    assert.deepEqual([readFileSync(join(project.path, 'renamed'), 'utf8'), readFileSync(two, 'utf8')], ['1', '22']);
    for (const [args, message, code] of [
      [['cp', one, two, 'web-1:/tmp/none'], /is not a folder/, 70],
      [['cp', one, 'web-1:/tmp/none/'], /this folder does not exist/, 70],
      [['cp', 'nothing', 'web-1:'], /nothing: this file or folder does not exist/, 70],
      [['cp', 'web-1:/nothing', '.'], /web-1:\/nothing: this file or folder does not exist/, 70],
      [['cp', 'web-1:/dev/null', '.'], /web-1:\/dev\/null is neither a file nor a folder/, 70],
      [['cp', 'web-0:/a', 'web-1:/a'], /Both sides are in VMs/, 64],
      [['cp', 'one', 'two'], /Neither side is in a VM/, 64],
      [['cp', 'one'], /Name what to copy/, 64],
    ] as const) {
      const result = await castra(args);
      assert.equal(result.code, code, args.join(' '));
      assert.match(result.stderr, message);
    }
  });

  test('what has no size, like files of /proc, is copied to its end', async () => {
    const result = await castra(['cp', 'web-0:/proc/cpuinfo', 'cpuinfo']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(readFileSync(join(project.path, 'cpuinfo'), 'utf8'), /^processor/);
  });

  test('a broken castra.toml does not lock anybody out', async () => {
    const toml = join(project.path, 'castra.toml');
    const right = readFileSync(toml, 'utf8');
    writeFileSync(toml, `${right}\nnonsense = \n`);
    try {
      const result = await castra(['ssh', 'web-0', 'id', '-un']);
      assert.deepEqual([result.code, result.stdout], [0, 'root\n'], result.stderr);
    } finally {
      writeFileSync(toml, right);
    }
  });

  const environment = (options: CliOptions): NodeJS.ProcessEnv => ({
    ...process.env,
    CASTRA_HOME: place.home,
    CASTRA_ACCELERATOR: 'tcg',
    ...options.env,
  });

  /** `castra` in a terminal of 97 by 31; ends with a line that tells its exit code. */
  function openTmux(tmux: string, args: readonly string[], options: CliOptions) {
    // A tmux server of its own, which ends with its only session.
    const socket = join(project.path, 'tmux');
    const call = (...words: string[]) =>
      spawnSync(tmux, ['-S', socket, '-f', '/dev/null', ...words], {
        encoding: 'utf8',
        cwd: place.path,
        env: { ...environment({}), LC_ALL: 'C.UTF-8' },
      });
    const path = options.env?.PATH ?? [dirname(process.execPath), process.env.PATH].join(delimiter);
    const line = `PATH='${path}' '${process.execPath}' '${CLI}' ${args.join(' ')}; echo ENDED $?; /bin/sleep 100`;
    const started = call(
      'new-session',
      '-d',
      '-s',
      'x',
      '-x',
      '97',
      '-y',
      '31',
      `/bin/sh -c '${line.replaceAll("'", "'\\''")}'`,
    );
    assert.equal(started.status, 0, started.stderr);
    const text = () => call('capture-pane', '-p', '-t', 'x').stdout;
    return {
      text,
      run: call,
      type: (words: string) => void call('send-keys', '-t', 'x', words, 'Enter'),
      close: () => void call('kill-server'),
      async until(pattern: RegExp) {
        const deadline = performance.now() + 20_000;
        while (!pattern.test(text().trimEnd() + (pattern.source.endsWith(' $') ? ' ' : ''))) {
          if (performance.now() > deadline) assert.fail(`${pattern} does not appear:\n${text()}`);
          await delay(50);
        }
      },
    };
  }

  /** With a file as standard input, as a shell's `<` does it; standard output is kept as bytes, too. */
  async function runWithInput(
    where: { path: string; home: string },
    args: readonly string[],
    options: CliOptions,
    input: string,
  ): Promise<CliResult & { bytes: Buffer }> {
    const child = spawn(process.execPath, [CLI, ...args], { cwd: where.path, env: environment(options) });
    const out: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => void out.push(chunk));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input !== '' && existsSync(input) ? readFileSync(input) : '');
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) => {
      child.once('close', (...end) => done(end));
    });
    const bytes = Buffer.concat(out);
    return { code, signal, stdout: bytes.toString('utf8'), stderr, bytes };
  }
});

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
