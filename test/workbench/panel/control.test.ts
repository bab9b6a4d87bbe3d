import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra, showTree, VIEW } from '../../support/extension.ts';
import { findQemus } from '../../support/tempProject.ts';
import { pick, pickerItems, runCommand } from '../../support/workbench/commands.ts';
import { waitForEditor } from '../../support/workbench/editors.ts';
import { notifications, statusBarTexts } from '../../support/workbench/notifications.ts';
import { openTerminal, typeInTerminal, waitForTerminal } from '../../support/workbench/terminals.ts';
import { clickInline, openContainer, row, rowTexts } from '../../support/workbench/trees.ts';
import { eventually } from '../../support/workbench/wait.ts';
import { reloadWindow } from '../../support/workbench/window.ts';
import { skipped } from '../../support/workbench.ts';

/** In its guest no SSH server comes up, so its start only ends when it is cancelled. */
const SLOW = { 'slow-0': { noBanner: true }, 'web-0': { bootDelayMs: 4000 } };

test('a start is shown with its steps and can be cancelled, wherever it was started', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '', slow: '' }) };
  const opened = await openCastra(t, { files, fake: SLOW });
  const { page, rowsAre, castra, home } = opened;
  await showTree(opened, 'slow-0');

  const up = castra('up', 'slow');
  await rowsAre(/slow-0 waiting for SSH/);
  await clickInline(page, VIEW, 'slow-0', 'Cancel');
  await rowsAre(/slow-0 stopped/);
  assert.equal((await up).code, 130);

  await clickInline(page, VIEW, 'slow-0', 'Up');
  await rowsAre(/slow-0 waiting for SSH/);
  await reloadWindow(page);
  await openContainer(page, 'Castra');
  await rowsAre(/slow-0 waiting for SSH/);

  const other = await opened.openWindow();
  await openContainer(other, 'Castra');
  await eventually(
    () => rowTexts(other, VIEW),
    (rows) => /slow-0 waiting for SSH/.test(rows.join('\n')),
    'The other window does not show the step',
  );
  await clickInline(other, VIEW, 'slow-0', 'Cancel');
  await rowsAre(/slow-0 stopped/);
  assert.deepEqual(findQemus(home), []);
  assert.deepEqual([...(await notifications(page)), ...(await notifications(other))], []);
});

test('clicks take turns: others are not waited for, and none is lost', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '', db: '', slow: '' }) };
  const opened = await openCastra(t, { files, fake: SLOW });
  const { page, rowsAre, castra } = opened;
  await showTree(opened, 'slow-0');
  await clickInline(page, VIEW, 'slow-0', 'Up');
  await rowsAre(/slow-0 waiting for SSH/);
  // Of another VM: side by side.
  await clickInline(page, VIEW, 'db-0', 'Up');
  await rowsAre(/db-0 running.*\nslow-0 waiting for SSH/);
  await clickInline(page, VIEW, 'db-0', 'Down');
  await rowsAre(/db-0 stopped.*\nslow-0 waiting for SSH/);
  await clickInline(page, VIEW, 'slow-0', 'Cancel');
  await rowsAre(/slow-0 stopped/);

  // Of the same VM, here: one after the other.
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 (?:kernel runs|firmware runs|waiting for SSH)/);
  await runCommand(page, 'Castra: Down');
  await rowsAre(/web-0 .*, then Down/);
  await rowsAre(/web-0 stopped/);

  // Of the same VM, elsewhere: it waits, and says for what.
  const up = castra('up', 'web');
  await rowsAre(/web-0 (?:kernel runs|firmware runs|waiting for SSH)/);
  await runCommand(page, 'Castra: Down');
  await rowsAre(/web-0 waits for web-0/);
  await rowsAre(/web-0 stopped/);
  assert.equal((await up).code, 0);
  assert.deepEqual(await notifications(page), []);
  assert.deepEqual(opened.errors, []);
});

test('a button in an editor is for the project of that editor, and so is the first choice of the palette', {
  skip: skipped,
}, async (t) => {
  const image = emptyImage(t);
  const opened = await openCastra(t, {
    files: {
      'castra.toml': configOf('top', image, { web: '' }),
      'a/b/c/castra.toml': configOf('deep', image, { db: '' }),
    },
    fake: {},
  });
  const { page, rowsAre } = opened;
  await showTree(opened, 'deep');
  await row(page, VIEW, 'top').waitFor();
  await runCommand(page, 'Castra: Open castra.toml');
  await pick(page, 'deep');
  await waitForEditor(page, /name = "deep"/);
  await eventually(
    () => page.locator('.codelens-decoration').allInnerTexts(),
    (lenses) => /Up.*stopped/s.test(lenses.join()),
    'There is no lens',
  );
  await page.locator('.editor-actions .action-label[aria-label^="Up All"]').click();
  await rowsAre(/deep 1 running\ndb-0 running.*\ntop 0 running\nweb-0 stopped/);
  // VMs of two projects may have the same name; their terminals do not.
  await runCommand(page, 'Castra: Open Serial Console');
  await page.locator('.part.panel', { hasText: 'deep/db-0 serial' }).waitFor();
  await runCommand(page, 'Castra: Down All');
  assert.deepEqual(await pickerItems(page), ['deep', 'top']);
  await page.keyboard.press('Enter');
  await rowsAre(/deep 0 running\ndb-0 stopped.*\ntop 0 running\nweb-0 stopped/);
});

test('a project one level down has its commands, the status bar and `castra` in terminals at once', {
  skip: skipped,
}, async (t) => {
  const files = { 'sub/castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const { page } = await openCastra(t, { files, fake: {} });
  await eventually(
    () => statusBarTexts(page),
    (texts) => texts.some((text) => text.includes('0/1')),
    'The status bar has no VMs',
  );
  await openTerminal(page);
  await typeInTerminal(page, 'castra --version');
  await waitForTerminal(page, /^castra \d+\.\d+\.\d+$/m);
  const marks = '.terminal-tab .codicon-warning, .single-terminal-tab .codicon-warning, .single-terminal-tab.warning';
  assert.equal(await page.locator(marks).count(), 0);
});
