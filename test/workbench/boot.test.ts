import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { configOf, openCastra, showTree, VIEW } from '../support/extension.ts';
import { findQemus } from '../support/tempProject.ts';
import { runCommand } from '../support/workbench/commands.ts';
import { notifications } from '../support/workbench/notifications.ts';
import { typeInTerminal, waitForTerminal } from '../support/workbench/terminals.ts';
import { clickInline, openContainer } from '../support/workbench/trees.ts';
import { reloadWindow } from '../support/workbench/window.ts';
import { skipped } from '../support/workbench.ts';

const GUEST = process.env.CASTRA_TEST_GUEST ?? '';
const skip = skipped || (existsSync(GUEST) ? false : 'CASTRA_TEST_GUEST is not there');

/** Long enough for a reload while the guest boots. */
const SLOW = `qemu_args = ["-fw_cfg", "name=opt/castra-test/flags,string=boot-delay=8"]
[[vms.port_forwards]]
host = 0
guest = 8080
`;

test('a start goes on while its window is reloaded, and the consoles of the guest open', { skip }, async (t) => {
  const files = { 'castra.toml': configOf('shop', GUEST, { web: SLOW, db: '' }) };
  const opened = await openCastra(t, { files });
  const { page, rowsAre, castra } = opened;
  await showTree(opened, 'web-0');
  await rowsAre(/web-0 stopped/);
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 (?:kernel runs|firmware runs|waiting for SSH)/);
  const before = findQemus(opened.home);
  assert.equal(before.length, 1);

  await reloadWindow(page);
  await openContainer(page, 'Castra');
  await rowsAre(/web-0 (?:starting|starting QEMU|kernel runs|firmware runs|waiting for SSH)/);
  await rowsAre(/web-0 running/);
  assert.deepEqual(findQemus(opened.home), before);

  await runCommand(page, 'Castra: Open Serial Console');
  await waitForTerminal(page, /Connected to web-0/);
  await page.keyboard.press('Enter');
  await waitForTerminal(page, /login:/);
  await typeInTerminal(page, 'root');
  await waitForTerminal(page, /[#] *$/);
  await typeInTerminal(page, 'echo serial-$((40+2)) $(hostname)');
  await waitForTerminal(page, /^serial-42 web-0/m);

  await runCommand(page, 'Castra: Open Shell');
  // Of another terminal than the console's, which has its prompt as well.
  await waitForTerminal(page, /^(?!.*serial-42).*# *$/s);
  await typeInTerminal(page, 'echo shell-$((40+2)) $(hostname)');
  await waitForTerminal(page, /^shell-42 web-0/m);

  // A shell that is open while its VM stops says so, and connects again once it runs again.
  await castra('down');
  await rowsAre(/web-0 stopped/);
  await waitForTerminal(page, /web-0 was stopped\. Press Enter to connect again/);
  assert.doesNotMatch((await notifications(page)).join(), /terminal process/);
  assert.equal((await castra('up', 'web')).code, 0);
  await typeInTerminal(page, '');
  await waitForTerminal(page, /Press Enter to connect again[\s\S]*# *$/);
  await typeInTerminal(page, 'echo again-$((40+2)) $(hostname)');
  await waitForTerminal(page, /^again-42 web-0/m);
  await castra('down');
  await rowsAre(/web-0 stopped/);
  assert.deepEqual(findQemus(opened.home), []);
  assert.deepEqual(opened.errors, []);
});
