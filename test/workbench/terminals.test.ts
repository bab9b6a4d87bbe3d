import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRecord } from '../../runtime/state/record.ts';
import { connectConsole } from '../../runtime/vm/console.ts';
import { pick, runCommand } from '../support/workbench/commands.ts';
import { outputText, problems } from '../support/workbench/editors.ts';
import { answerNotification } from '../support/workbench/notifications.ts';
import { openTerminal, typeInTerminal, waitForTerminal } from '../support/workbench/terminals.ts';
import { clickInline, openContainer, row, rowTexts } from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { openWorkbench, skipped } from '../support/workbench.ts';

const VIEW = 'Virtual Machines';
const GUEST = process.env.CASTRA_TEST_GUEST ?? '';
const skip = skipped || (existsSync(GUEST) ? false : 'CASTRA_TEST_GUEST is not there');

const toml = `version = "0.1.0"

[project]
name = "shop"
state_dir = "s"

[[vms]]
name = "web"
cpus = 1
memory = "256 MiB"
base_image = ${JSON.stringify(GUEST)}
ssh_user = "root"
`;

/** Down does not ask. */
const QUIET = { extension: process.cwd(), settings: { 'castra.confirmDiscard': false } };

test('the serial console is a terminal that one person has, and says when the VM ends', { skip }, async (t) => {
  const opened = await openWorkbench(t, { ...QUIET, files: { 'castra.toml': toml } });
  const { page, errors } = opened;
  await openContainer(page, 'Castra');
  const rowIs = (pattern: RegExp) =>
    eventually(
      () => rowTexts(page, VIEW),
      (rows) => pattern.test(rows.join('\n')),
      `No row is like ${pattern}`,
    );
  await rowIs(/web stopped/);
  await clickInline(page, VIEW, 'web', 'Up');
  await rowIs(/web running/);

  const record = readRecord(join(opened.workspace, 's'), 'web');
  const somebody = await connectConsole(record?.sockets.console ?? '');
  await runCommand(page, 'Castra: Open Serial Console');
  await answerNotification(page, /Another terminal is already attached/, 'Show Serial Log');
  await outputText(page, 'Castra: web serial', /castra-guest: READY/);
  somebody.destroy();

  await runCommand(page, 'Castra: Open Serial Console');
  await waitForTerminal(page, /Connected to web/);
  await typeInTerminal(page, '');
  await waitForTerminal(page, /web login:/);
  await runCommand(page, 'Castra: Open Serial Console');
  assert.equal(await page.locator('.terminal-wrapper').count(), 1);
  await clickInline(page, VIEW, 'web', 'Down');
  await rowIs(/web stopped/);
  await waitForTerminal(page, /The VM stopped\. The console connects again when it starts\. Press any key to close\./);
  await clickInline(page, VIEW, 'web', 'Up');
  await rowIs(/web running/);
  await typeInTerminal(page, '');
  // What the VM said that was started again has taken the place of what was there.
  await waitForTerminal(page, /^(?![\s\S]*Press any key)[\s\S]*web login:/);
  await clickInline(page, VIEW, 'web', 'Down');
  await rowIs(/web stopped/);
  await waitForTerminal(page, /Press any key to close\.\s*$/);
  await page.locator('.terminal-wrapper.active .xterm-helper-textarea').focus();
  await page.keyboard.press('x');
  await page.locator('.terminal-wrapper.active').waitFor({ state: 'detached' });
  assert.deepEqual(errors, []);
});

test('what a task finds is listed as problems', { skip: skipped }, async (t) => {
  const broken = toml.replace('cpus = 1', 'cpus = 0');
  const files = { 'sub dir/castra.toml': broken };
  const { page, workspace } = await openWorkbench(t, { extension: process.cwd(), files });
  // The list has the kinds of tasks whose extension is there when it is opened.
  await openContainer(page, 'Castra');
  // A file with errors has no VMs to show: the view says why.
  await page.locator('.part.sidebar .tree-explorer-viewlet-tree-view .message', { hasText: 'an error' }).waitFor();
  await runCommand(page, 'Tasks: Run Task');
  await pick(page, 'castra');
  await pick(page, 'castra: validate sub dir');
  await waitForTerminal(page, /1 error/);
  const found = await eventually(
    () => problems(page),
    (lines) => lines.length > 0,
    'No problem is listed',
  );
  assert.match(found.join('\n'), /must be at least 1/);

  // What is wrong with the host stands at the line that asks for it.
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const ports = `port_forwards = [{ host = ${port}, guest = 80 }]\n`;
  writeFileSync(join(workspace, 'sub dir/castra.toml'), toml + ports);
  await openContainer(page, 'Castra');
  await row(page, VIEW, 'web').waitFor();
  await runCommand(page, 'Tasks: Run Task');
  await pick(page, 'castra');
  await pick(page, 'castra: up sub dir');
  const isThere = (lines: readonly string[]) => lines.some((line) => /cannot be used.*\[Ln 13, Col 27\]/.test(line));
  await eventually(() => problems(page), isThere, 'The port is not listed');
});

test('castra is found by a terminal, and on request by others as well', { skip: skipped }, async (t) => {
  const { page, workspace } = await openWorkbench(t, { extension: process.cwd(), files: { 'castra.toml': toml } });
  // The extension is there; before its very first start no terminal can know.
  await openContainer(page, 'Castra');
  await row(page, VIEW, 'web').waitFor();
  await openTerminal(page);
  await typeInTerminal(
    page,
    'command -v castra; castra --version; echo "left=[$ELECTRON_RUN_AS_NODE$ELECTRON_NO_ASAR]"',
  );
  await waitForTerminal(page, /globalStorage\/castra\.castra\/bin\/castra/);
  await waitForTerminal(page, /^castra \d+\.\d+\.\d+$/m);
  await waitForTerminal(page, /^left=\[\]$/m);
  await runCommand(page, 'Castra: Install castra Command…');
  await page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Create the Link' }).click();
  await page.locator('.monaco-dialog-box', { hasText: 'is not on your PATH yet' }).waitFor();
  await page.keyboard.press('Escape');
  const link = join(workspace, '../h/.local/bin/castra');
  const { stdout, stderr } = spawnSync(link, ['--version'], { encoding: 'utf8' });
  assert.match(stdout, /^castra \d/, stderr);
});
