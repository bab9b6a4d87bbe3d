import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { PortsOutcome } from '../../runtime/contract/ports.ts';
import { CLI, ok, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { findQemus, type TempProject, withProject } from '../support/tempProject.ts';

const ESCAPE = '\x1d';

function toml(image = 'base.qcow2', more = ''): string {
  const vm = `name = "web"\ncount = 1\ncpus = 1\nmemory = "256 MiB"\nbase_image = '''${image}'''\n${more}`;
  return `version = "0.2.0"\n[project]\nname = "console"\nstate_dir = "s"\n[[vms]]\n${vm}\n`;
}

interface Terminal {
  readonly child: ChildProcess;
  /** What the terminal shows, standard error included. */
  shown(): string;
  type(text: string): void;
  until(pattern: RegExp): Promise<void>;
  readonly ended: Promise<string>;
}

/** `castra console` in a terminal of its own, which afterwards says how it was left. */
function openTerminal(project: TempProject, vm = 'web'): Terminal {
  const command = `${process.execPath} ${CLI} console ${vm}; echo "exit=$?"; stty -a`;
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    cwd: project.path,
    env: { ...process.env, CASTRA_HOME: project.home, SHELL: '/bin/sh', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  const add = (chunk: string) => {
    text += chunk;
  };
  child.stdout.setEncoding('latin1').on('data', add);
  child.stderr.setEncoding('latin1').on('data', add);
  const ended = new Promise<string>((done) => child.once('close', () => done(text)));
  const until = async (pattern: RegExp) => {
    const deadline = performance.now() + 60_000;
    while (!pattern.test(text)) {
      if (performance.now() > deadline || child.exitCode !== null) assert.fail(`${pattern} is not in:\n${text}`);
      await delay(20);
    }
  };
  return { child, shown: () => text, type: (keys) => child.stdin.write(keys), until, ended };
}

function assertRestored(shown: string, code = 0): void {
  assert.match(shown, new RegExp(`exit=${code}\\b`));
  assert.match(shown, /(?<!-)\bicanon\b/);
  assert.match(shown, /(?<!-)\becho\b/);
  assert.match(shown, /(?<!-)\bisig\b/);
}

test('a terminal is attached with every key passed on, left with Ctrl-], and as it was before', () =>
  withProject(toml(), async (project) => {
    await ok(runCli(project, ['up']));
    const terminal = openTerminal(project);
    await terminal.until(/Connected to web-0; Ctrl-\] detaches\./);
    terminal.type('abc\x03def');
    await terminal.until(/abc.def/);
    const second = await runCli(project, ['console', 'web-0']);
    assert.equal(second.code, 75);
    assert.match(second.stderr, /Another terminal is already attached .*`castra logs -f --source serial web-0`/);
    terminal.type(`last${ESCAPE}`);
    const shown = await terminal.ended;
    assert.match(shown, /Detached from web-0; it keeps running\./);
    assertRestored(shown);
    assert.equal(findQemus(project.path).length, 1);
    const again = openTerminal(project);
    await again.until(/Connected/);
    again.type(ESCAPE);
    assertRestored(await again.ended);
  }));

test('a terminal is as before when castra is terminated, and when the VM ends', () =>
  withProject(toml(), async (project) => {
    await ok(runCli(project, ['up']));
    const terminal = openTerminal(project);
    await terminal.until(/Connected/);
    const [castra] = childrenOf(childrenOf(terminal.child.pid ?? 0)[0] ?? 0);
    assert.ok(castra);
    process.kill(castra, 'SIGTERM');
    assertRestored(await terminal.ended, 130);
    const other = openTerminal(project);
    await other.until(/Connected/);
    await ok(runCli(project, ['down', '--graceful-wait-secs', '0']));
    const shown = await other.ended;
    assert.match(shown, /web-0 ended\./);
    assertRestored(shown);
  }));

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

test('a pipe is passed on whole, Ctrl-] included, and ends when the guest has answered', () =>
  withProject(toml(), async (project) => {
    await ok(runCli(project, ['up']));
    const console = startCli(project, ['console', 'web']);
    const sent = `${'x'.repeat(200_000)}${ESCAPE}end\n`;
    console.child.stdin?.end(sent);
    const { code, stdout, stderr } = await console.result;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, sent);
    assert.equal(stderr, 'Connected to web-0.\n');
    assert.equal((await runCli(project, ['console', 'web', '--json'])).code, 64);
  }));

test('a VM that does not run, or is not known, is said so', () =>
  withProject(toml(), async (project) => {
    const stopped = await runCli(project, ['console', 'web']);
    assert.equal(stopped.code, 70);
    assert.match(stopped.stderr, /web-0 is not running: it is stopped\. `castra up web-0` starts it/);
    assert.equal((await runCli(project, ['console', 'db'])).code, 64);
    writeFileSync(project.configPath, toml().replace('count = 1', 'count = 2'));
    const several = await runCli(project, ['console', 'web']);
    assert.equal(several.code, 64);
    assert.match(several.stderr, /web-0, web-1/);
  }));

function findGuest(): string | undefined {
  const given = process.env.CASTRA_TEST_GUEST ?? spawnSync('test/guest/build', { encoding: 'utf8' }).stdout?.trim();
  const image = given?.split('\n').at(-1);
  return image && existsSync(image) ? image : undefined;
}

const guest = findGuest();
const REAL = { real: true } as const;

function withGuest(t: TestContext, more: string, body: (project: TempProject) => Promise<void>): Promise<void> | void {
  if (guest === undefined) return t.skip('the test guest cannot be built');
  return withProject(toml(guest, more), async (project) => {
    await ok(runCli(project, ['up'], REAL));
    await body(project);
  });
}

async function logIn(terminal: Terminal): Promise<void> {
  await terminal.until(/Connected/);
  terminal.type('\r');
  await terminal.until(/login:/);
  terminal.type('root\r');
  await terminal.until(/~# /);
}

async function waitForListener(terminal: Terminal): Promise<void> {
  terminal.type('until netstat -ltn | grep :80; do sleep 0.1; done; echo it=$((1+1))\r');
  await terminal.until(/it=2/);
}

describe('a real guest', { concurrency: 1 }, () => {
  test('is logged in to on its console, by one at a time, across its reboot, and QEMU goes on writing the log', (t) =>
    withGuest(t, '', async (project) => {
      const terminal = openTerminal(project);
      await terminal.until(/Connected/);
      await logIn(terminal);
      terminal.type('echo sum=$((40+2))\r');
      await terminal.until(/sum=42/);
      assert.equal((await runCli(project, ['console', 'web'], REAL)).code, 75);
      terminal.type(ESCAPE);
      assertRestored(await terminal.ended);
      assert.match(readFileSync(join(project.path, 's/logs/web-0-serial.log'), 'latin1'), /sum=42/);

      const piped = startCli(project, ['console', 'web'], REAL);
      piped.child.stdin?.end('echo again=$((1+1))\n');
      assert.match((await ok(piped.result)).stdout, /again=2/);

      const last = openTerminal(project);
      await last.until(/Connected/);
      last.type('echo b=$((2+1)); reboot\r');
      await last.until(/b=3[\s\S]*SeaBIOS/);
      await ok(runCli(project, ['down', '--graceful-wait-secs', '0'], REAL));
      const shown = await last.ended;
      assert.match(shown, /web-0 ended\./);
      assertRestored(shown);
    }));

  test('tells `ports --active` what listens in it', (t) => {
    const forwards = '{ host = 0, guest = 80 }, { host = 0, guest = 69, protocol = "udp" }';
    return withGuest(t, `port_forwards = [${forwards}]`, async (project) => {
      const look = async () => {
        const result = await ok(runCli(project, ['ports', '--active', '--json'], REAL));
        return outcomeOf<PortsOutcome>(result).ports.map(({ guest: port, status, reason }) =>
          [port, status, ...(reason ? [reason] : [])].join(' '),
        );
      };
      assert.deepEqual(await look(), [
        '80 inactive nothing listens in the guest',
        '69 bound whether the guest listens is unknown',
        '22 active',
      ]);
      // A server that waits for its client to speak: only QEMU's table shows that the guest took the connection.
      const terminal = openTerminal(project);
      await logIn(terminal);
      terminal.type('nc -ll -p 80 -e sleep 60 & echo pid=$!\r');
      await terminal.until(/pid=\d+/);
      await waitForListener(terminal);
      terminal.type(ESCAPE);
      await terminal.ended;
      assert.equal((await look())[0], '80 active');
    });
  });

  test('that is not up yet does not answer, which is not "active"', async (t) => {
    if (guest === undefined) return t.skip('the test guest cannot be built');
    await withProject(toml(guest), async (project) => {
      await ok(runCli(project, ['up', '--no-wait'], REAL));
      const result = await ok(runCli(project, ['ports', '--active', '--json'], REAL));
      const [ssh] = outcomeOf<PortsOutcome>(result).ports;
      assert.notEqual(ssh?.status, 'active', ssh?.reason);
    });
  });
});
