import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { findExecutable } from '../../runtime/process/spawn.ts';
import { CLI, lines, runCli } from '../support/cli.ts';
import { FAKE_QEMU } from '../support/fakeVm.ts';
import { EVIL, startHostileGuest } from '../support/hostileGuest.ts';
import { LOOPBACK_VM, loopbackVm } from '../support/loopbackVm.ts';
import { type TempProject, withProject } from '../support/tempProject.ts';

const BANNER =
  'version = "0.2.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\nbase_image = "base.qcow2"\nready = "banner"\n';
const EVIL_QEMU = JSON.stringify({ '*': { banner: `SSH-2.0-${EVIL}evil` } });

/** What a command shows at a terminal, which script(1) gives it. */
async function atTerminal({ path, home }: TempProject, args: readonly string[]): Promise<string> {
  const line = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
  const env = { ...process.env, CASTRA_HOME: home, CASTRA_QEMU: FAKE_QEMU, FAKE_QEMU: EVIL_QEMU, TERM: 'xterm' };
  const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: path, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  await once(child, 'close');
  return shown;
}

const noTerminal = findExecutable('script') === undefined && 'script(1) is not on this host';

describe('text from a guest', { skip: noTerminal }, () => {
  test('a banner reaches a terminal without control sequences, a pipe as it is', () =>
    withProject(BANNER, async (project) => {
      const shown = await atTerminal(project, ['up']);
      assert.match(shown, /web-0: ready after .* \(SSH-2\.0-evil\)/);
      assert.equal(shown.includes('\u001b]52'), false, JSON.stringify(shown));
      await runCli(project, ['down', '--graceful-wait-secs', '0']);
      const piped = await runCli(project, ['up'], { env: { FAKE_QEMU: EVIL_QEMU } });
      assert.ok(piped.stdout.includes(`(SSH-2.0-${EVIL}evil)`), piped.stdout);
    }));

  test('output of exec reaches a terminal without control sequences, a pipe and --json as it is', async () => {
    const vm = await loopbackVm();
    const guest = await startHostileGuest(vm);
    try {
      const command = [LOOPBACK_VM, '--', 'anything'];
      const shown = await atTerminal(vm.project, ['exec', ...command]);
      assert.match(shown, /\[web-0\].* said/);
      assert.match(shown, /\[web-0\].* cried/);
      assert.equal(shown.includes('\u001b]52'), false, JSON.stringify(shown));
      const piped = await runCli(vm.project, ['exec', ...command]);
      assert.equal(piped.stdout, `[web-0] ${EVIL}said\n`);
      assert.equal(piped.stderr, `[web-0] ${EVIL}cried\n`);
      const json = lines(await runCli(vm.project, ['exec', '--json', ...command]));
      const said = json.find((line) => line.type === 'exec.output' && line.stream === 'stdout');
      assert.ok(said?.type === 'exec.output' && said.text === `${EVIL}said\n`);
    } finally {
      guest.close();
      await vm.project.dispose();
    }
  });
});
