import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra, showTree, VIEW } from '../support/extension.ts';
import { findQemus } from '../support/tempProject.ts';
import { runCommand } from '../support/workbench/commands.ts';
import { editorText, waitForEditor, waitForOutput } from '../support/workbench/editors.ts';
import { answerNotification, notification, notifications, statusBarTexts } from '../support/workbench/notifications.ts';
import { clickInline, row } from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { answerDialog, dialog } from '../support/workbench/window.ts';
import { skipped } from '../support/workbench.ts';

test('rows follow what is done outside, several at once, cancelled and cleaned', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '', db: '', slow: '' }) };
  // Nobody answers in the guest of `slow`, so its start only ends when it is cancelled.
  const opened = await openCastra(t, { files, fake: { 'slow-0': { noBanner: true } } });
  const { page, rowsAre, castra } = opened;
  await showTree(opened, 'web-0');
  await rowsAre(/web-0 stopped.*\ndb-0 stopped.*\nslow-0 stopped/);

  // The first `up` ever: Castra's home was not there when the window opened.
  assert.equal((await castra('up', 'web-0')).code, 0);
  await rowsAre(/web-0 running/);
  assert.equal((await castra('down')).code, 0);
  await rowsAre(/web-0 stopped/);

  await row(page, VIEW, 'web-0').click();
  await row(page, VIEW, 'db-0').click({ modifiers: ['Control'] });
  await clickInline(page, VIEW, 'db-0', 'Up');
  await rowsAre(/web-0 running.*\ndb-0 running.*\nslow-0 stopped/s);
  assert.equal(findQemus(opened.home).length, 2);

  // Both are selected still, so it is for both.
  await clickInline(page, VIEW, 'db-0', 'Down');
  await rowsAre(/web-0 stopped.*\ndb-0 stopped/s);
  assert.equal(findQemus(opened.home).length, 0);
  await clickInline(page, VIEW, 'slow-0', 'Up');
  await rowsAre(/slow-0 (?:firmware runs|kernel runs|waiting for SSH)/);
  await clickInline(page, VIEW, 'slow-0', 'Cancel');
  await rowsAre(/slow-0 stopped/);
  assert.equal(findQemus(opened.home).length, 0);
  assert.deepEqual(await notifications(page), []);

  await runCommand(page, 'Castra: Clean…');
  await dialog(page).waitFor();
  assert.match(
    (await dialog(page).allInnerTexts()).join(),
    /Remove \d+ files of shop \([\d.]+ \w+\)\?.*web-0-serial\.log/s,
  );
  // Enter must not remove anything.
  assert.equal(await page.evaluate('document.activeElement.textContent.trim()'), 'Show List');
  await answerDialog(page, 'Show List');
  await waitForEditor(page, /^Remove \d+ files of shop[\s\S]*web-0-serial\.log/);
  await runCommand(page, 'Castra: Clean…');
  await answerDialog(page, 'Remove');
  // The folder that was watched may have gone, and comes again. Whoever locks the project too early is in the way.
  const isClean = ({ stdout }: { readonly stdout: string }) => stdout.includes('Nothing to clean');
  await eventually(() => castra('clean', '--dry-run'), isClean, 'It is never clean');
  const isFree = ({ code }: { readonly code: number | null }) => code === 0;
  await eventually(() => castra('up', 'db-0'), isFree, 'It never starts again');
  await rowsAre(/db-0 running/);
  await castra('down');
  await rowsAre(/db-0 stopped/);

  await runCommand(page, 'Castra: Doctor');
  await eventually(
    () => editorText(page),
    (text) => text.includes('# Castra doctor'),
    'no document of doctor',
  );
  assert.deepEqual(opened.errors, []);
});

const FAILING = {
  'db-0': { exitAtStart: { code: 1, stderr: "qemu-system-x86_64: cannot set up guest memory 'pc.ram'\n" } },
  'log-0': { serial: 'Kernel panic - not syncing: No working init found.\r\n', noBanner: true, exitAfterMs: 800 },
};

test('a start that fails says so on its row and once in a notification, with ways on', { skip: skipped }, async (t) => {
  const image = emptyImage(t);
  const files = { 'castra.toml': configOf('shop', image, { web: '', db: '', log: '' }) };
  const opened = await openCastra(t, { files, fake: FAILING });
  const { page, rowsAre, shot } = opened;
  await showTree(opened, 'db-0');
  await clickInline(page, VIEW, 'db-0', 'Up');
  await rowsAre(/db-0 did not start: cannot set up guest memory/);
  await notification(page, 'db-0 did not start: cannot set up guest memory').waitFor();
  assert.equal((await notifications(page)).length, 1);
  await shot('failure');
  await answerNotification(page, 'db-0', 'Show Log');
  await waitForOutput(page, /cannot set up guest memory/);

  await clickInline(page, VIEW, 'log-0', 'Up');
  await rowsAre(/log-0 .*ended/);
  await answerNotification(page, 'log-0', 'Show Serial Log');
  await waitForOutput(page, /Kernel panic/);

  rmSync(image);
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 .*base\.qcow2/s);
  const shown = notification(page, 'base.qcow2');
  await shown.waitFor();
  t.diagnostic((await shown.allInnerTexts()).join().replaceAll('\n', ' | '));
  await answerNotification(page, 'base.qcow2', 'Open castra.toml');
  await eventually(
    () => editorText(page),
    (text) => text.includes('[[vms]]'),
    'castra.toml is not shown',
  );
  await eventually(
    () => statusBarTexts(page),
    (texts) => texts.some((text) => text.includes('Ln 10, Col 14')),
    'the cursor is not at the value of base_image',
  );
  assert.equal(await page.locator(`.part.sidebar .codicon-loading`).count(), 0);
  // The page's console has each error notification as well, and nothing else.
  assert.deepEqual(
    opened.errors.filter((text) => !/^(?:db|log|web)-0\b/.test(text)),
    [],
  );
});
