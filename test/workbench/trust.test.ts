import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra, VIEW } from '../support/extension.ts';
import { hasCommand } from '../support/workbench/commands.ts';
import { editorText, openFile, problems, squiggles, typeInEditor } from '../support/workbench/editors.ts';
import { clickInline, openContainer, openMenu, row } from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { answerTrustDialog, grantTrust } from '../support/workbench/window.ts';
import { skipped } from '../support/workbench.ts';

const UP = '.monaco-list-row .actions .action-label[aria-label^="Up"]';

test('without trust the file is edited with help, and nothing starts; with it, all works', {
  skip: skipped,
}, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: 'cpuz = 2\n' }).replace('cpus = 1\n', '') };
  const opened = await openCastra(t, { files, fake: {}, trust: true });
  const { page, rowsAre } = opened;
  await answerTrustDialog(page, 'restricted');
  await openContainer(page, 'Castra');
  await rowsAre(/web-0 stopped/);
  await row(page, VIEW, 'web-0').hover();
  assert.equal(await page.locator(UP).count(), 0);
  assert.equal(await hasCommand(page, 'Castra: Up'), false);
  const menu = await openMenu(page, VIEW, 'web-0');
  assert.ok(!menu.includes('Up') && menu.includes('Show Serial Log'), menu.join());
  await page.keyboard.press('Escape');

  await openFile(page, 'castra.toml');
  const warned = (wanted: number) =>
    eventually(
      () => squiggles(page, 'warning'),
      (count) => count === wanted,
      `not ${wanted} squiggles`,
    );
  await warned(1);
  assert.match((await problems(page)).join('\n'), /cpuz/);
  // The light bulb's menu, on the misspelt word.
  await openFile(page, 'castra.toml');
  await page
    .locator('.view-line span', { hasText: /^cpuz$/ })
    .last()
    .click();
  await page.keyboard.press('Control+.');
  const fix = page.locator('.action-widget .monaco-list-row', { hasText: /Change to .cpus/ });
  await fix.waitFor();
  await page.keyboard.press('Enter');
  await warned(0);
  assert.match(await editorText(page), /^cpus = 2$/m);

  // A wrong value is marked where it stands.
  await page.keyboard.press('Control+End');
  await typeInEditor(page, 'count = "two"');
  const wrong = (rows: string[]) => rows.some((row) => /count.*\[Ln 12, Col 9\]/.test(row));
  await eventually(() => problems(page), wrong, 'no problem at the value of count');
  await openFile(page, 'castra.toml');
  await page.keyboard.press('Control+End');
  await page.keyboard.press('Shift+Home');
  await page.keyboard.press('Backspace');

  // Completion, at the end of the table.
  await page.keyboard.press('Control+End');
  await typeInEditor(page, 'qemu');
  await page.locator('.suggest-widget .monaco-list-row', { hasText: 'qemu_args' }).waitFor();
  await page.keyboard.press('Escape');
  for (const _letter of 'qemu') await page.keyboard.press('Backspace');
  await page.keyboard.press('Control+s');
  await openContainer(page, 'Castra');
  await rowsAre(/web-0 stopped · 2 CPU/);

  await grantTrust(page);
  await openContainer(page, 'Castra');
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 running/);
  await clickInline(page, VIEW, 'web-0', 'Down');
  await rowsAre(/web-0 stopped/);
  assert.deepEqual(opened.errors, []);
});
