import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra, showTree } from '../support/extension.ts';
import { runCommand } from '../support/workbench/commands.ts';
import { editorText, waitForOutput } from '../support/workbench/editors.ts';
import { statusBarTexts } from '../support/workbench/notifications.ts';
import { eventually } from '../support/workbench/wait.ts';
import { answerDialog, dialog } from '../support/workbench/window.ts';
import { skipped } from '../support/workbench.ts';

const TITLES = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Readonly<Record<string, string>>;

/** Done by others: a console and a shell need a guest, the server's end shows in its file, and this one needs no QEMU. */
const ELSEWHERE = ['command.openShell', 'command.openSerial', 'command.restartServer', 'command.copyInstallCommand'];

test('no command is dead: without a row, each does something or says why not', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const opened = await openCastra(t, { files, fake: { 'web-0': { serial: 'It boots.\r\n' } } });
  const { page, rowsAre } = opened;
  const used = new Set<string>();
  const run = async (key: string) => {
    used.add(`command.${key}`);
    await runCommand(page, `Castra: ${TITLES[`command.${key}`]}`);
  };
  const says = async (key: string, text: RegExp) => {
    await run(key);
    // A toast is shown only while there are few; the center has all.
    await runCommand(page, 'Notifications: Show Notifications');
    await page.locator('.notifications-center .notification-list-item', { hasText: text }).waitFor();
    await runCommand(page, 'Notifications: Clear All Notifications');
  };
  const asks = async (key: string, text: RegExp) => {
    await run(key);
    await dialog(page).waitFor();
    assert.match((await dialog(page).allInnerTexts()).join(), text);
    await answerDialog(page, 'Cancel');
  };
  const shows = async (key: string, text: RegExp) => {
    await run(key);
    await eventually(
      () => editorText(page),
      (shown) => text.test(shown),
      `${key} shows nothing`,
    );
  };

  await showTree(opened, 'web-0');
  await rowsAre(/web-0 stopped/);
  for (const key of ['down', 'downAll', 'forceStop', 'restart', 'openShell', 'openSerial']) {
    await says(key, /No virtual machine is running/);
  }
  for (const key of ['copySshCommand', 'openRemote', 'openPort', 'copyAddress', 'exportDisk']) {
    await says(key, /No virtual machine is running/);
  }
  await says('remove', /Nothing is left of VMs that castra\.toml does not declare/);
  await says('resume', /No virtual machine is paused/);
  await says('cancel', /No command is running/);
  await asks('installCommand', /Install the castra command/);
  await shows('init', /name = "shop"/);
  await shows('doctor', /# Castra doctor/);
  await shows('openConfig', /name = "shop"/);

  await run('upAll');
  await rowsAre(/web-0 running/);
  await says('up', /All virtual machines are already running/);
  await says('upAll', /All virtual machines are already running/);
  await says('openRemote', /install the extension Remote - SSH/);
  await run('copySshCommand');
  await eventually(
    () => statusBarTexts(page),
    (texts) => texts.some((text) => /Copied: castra ssh --config '.*' web-0/.test(text)),
    'nothing is said to be copied',
  );
  await run('copyLogPath');
  await eventually(
    () => statusBarTexts(page),
    (texts) => texts.some((text) => /Copied: .*web-0-serial\.log/.test(text)),
    'no path is copied',
  );
  await run('showQemuLog');
  await waitForOutput(page, /-device virtio-net-pci/, 'The log of QEMU');
  await run('showSerialLog');
  await waitForOutput(page, /It boots\./, 'The serial log');
  await run('showLog');
  await waitForOutput(page, /castra up/, "Castra's log");
  await run('restart');
  await rowsAre(/web-0 (?!running)/);
  await rowsAre(/web-0 running/);
  await run('refresh');
  await rowsAre(/web-0 running/);
  await run('down');
  await rowsAre(/web-0 stopped/);
  await run('up');
  await rowsAre(/web-0 running/);
  await run('forceStop');
  await rowsAre(/web-0 stopped/);
  await asks('clean', /Remove \d+ files of shop/);

  const commands = Object.keys(TITLES).filter((key) => key.startsWith('command.'));
  assert.deepEqual(
    commands.filter((key) => !used.has(key) && !ELSEWHERE.includes(key)),
    [],
  );
  assert.deepEqual(opened.errors, []);
});
