import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StatusOutcome } from '../../../runtime/contract/vms.ts';
import { outcomeOf } from '../../support/cli.ts';
import { configOf, emptyImage, openCastra, showTree, VIEW } from '../../support/extension.ts';
import { runCommand } from '../../support/workbench/commands.ts';
import { openFile, typeInEditor } from '../../support/workbench/editors.ts';
import { notifications, statusBarTexts } from '../../support/workbench/notifications.ts';
import { clickInline, openContainer, row, welcomeText } from '../../support/workbench/trees.ts';
import { eventually } from '../../support/workbench/wait.ts';
import { skipped } from '../../support/workbench.ts';

test('a VM that castra.toml no longer declares is what it is, and is in the way of no other', {
  skip: skipped,
}, async (t) => {
  const image = emptyImage(t);
  // Its guest powers off by itself, as `poweroff` in it does.
  const fake = { 'db-0': { exitAfterMs: 3000 } };
  const files = { 'castra.toml': configOf('shop', image, { web: '', db: '' }) };
  const opened = await openCastra(t, { files, fake });
  const { page, rowsAre, castra, workspace } = opened;
  await showTree(opened, 'db-0');
  await clickInline(page, VIEW, 'db-0', 'Up');
  await rowsAre(/db-0 running/);
  await rowsAre(/db-0 stopped/);
  writeFileSync(join(workspace, 'castra.toml'), configOf('shop', image, { web: '' }));
  await rowsAre(/web-0 stopped.*\ndb-0 not in castra\.toml · [\d.]+ KiB on disk/);

  // Both rows are selected: Up is for the one that can be started.
  await row(page, VIEW, 'db-0').click();
  await row(page, VIEW, 'web-0').click({ modifiers: ['Control'] });
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 running.*\ndb-0 not in castra\.toml/);
  await clickInline(page, VIEW, 'web-0', 'Down');
  await rowsAre(/web-0 stopped/);
  await runCommand(page, 'Castra: Up All');
  await rowsAre(/web-0 running.*\ndb-0 not in castra\.toml/);
  assert.deepEqual(await notifications(page), []);

  await row(page, VIEW, 'db-0').click();
  await clickInline(page, VIEW, 'db-0', 'Remove…');
  await row(page, VIEW, 'db-0').waitFor({ state: 'hidden' });
  await rowsAre(/^web-0 running[^\n]*$/);

  // One that runs has Down, and is not started again.
  writeFileSync(join(workspace, 'castra.toml'), configOf('shop', image, { other: '' }));
  await rowsAre(/other-0 stopped.*\nweb-0 running, not in castra\.toml/);
  await clickInline(page, VIEW, 'web-0', 'Down');
  await row(page, VIEW, 'web-0').waitFor({ state: 'hidden' });
  const { vms } = outcomeOf<StatusOutcome>(await castra('status', '--json'));
  assert.deepEqual(
    vms.map(({ name, state }) => [name, state]),
    [['other-0', 'stopped']],
  );
  assert.deepEqual(opened.errors, []);
});

test('a failure is forgotten when the file is corrected and when the VM ran since', { skip: skipped }, async (t) => {
  const image = emptyImage(t);
  const right = configOf('shop', image, { web: '', db: '' });
  const wrong = right.replace(JSON.stringify(image), '"missing.qcow2"');
  const opened = await openCastra(t, { files: { 'castra.toml': wrong }, fake: {} });
  const { page, rowsAre, castra, workspace } = opened;
  await showTree(opened, 'web-0');
  await runCommand(page, 'Castra: Up All');
  // Only the one whose image is missing is red.
  await rowsAre(/web-0 .*missing\.qcow2.*\ndb-0 stopped/);
  writeFileSync(join(workspace, 'castra.toml'), right);
  await rowsAre(/web-0 stopped.*\ndb-0 stopped/);
  assert.equal((await castra('up', 'web')).code, 0);
  await rowsAre(/web-0 running/);
  assert.equal((await castra('down')).code, 0);
  await rowsAre(/web-0 stopped/);
  await runCommand(page, 'Castra: Refresh');
  await rowsAre(/web-0 stopped.*\ndb-0 stopped/);
});

test('a project whose folder is renamed or deleted goes, and Refresh finds one that came', {
  skip: skipped,
}, async (t) => {
  const image = emptyImage(t);
  const opened = await openCastra(t, {
    files: {
      'one/castra.toml': configOf('one', image, { web: '' }),
      'deep/er/still/castra.toml': configOf('two', image, { db: '' }),
    },
    fake: {},
  });
  const { page, rowsAre, workspace } = opened;
  await showTree(opened, 'one');
  await rowsAre(/^two 0 running\ndb-0 stopped.*\none 0 running\nweb-0 stopped/);
  renameSync(join(workspace, 'one'), join(workspace, 'uno'));
  await runCommand(page, 'Castra: Refresh');
  await rowsAre(/^two 0 running\ndb-0 stopped.*\none 0 running\nweb-0 stopped/);
  rmSync(join(workspace, 'uno'), { recursive: true });
  await rowsAre(/^db-0 stopped[^\n]*$/);
  rmSync(join(workspace, 'deep'), { recursive: true });
  await eventually(
    () => welcomeText(page, VIEW),
    (text) => text.startsWith('This folder has no castra.toml yet.'),
    'There is no welcome',
  );
  assert.equal(await page.locator('.part.sidebar .codicon-loading').count(), 0);
  assert.deepEqual(opened.errors, []);
});

test('half-typed text takes no row away, and says above them what is wrong', { skip: skipped }, async (t) => {
  const text = configOf('shop', emptyImage(t), { web: '', db: '' });
  const settings = { 'files.autoSave': 'afterDelay', 'files.autoSaveDelay': 100 };
  const opened = await openCastra(t, { files: { 'castra.toml': text }, fake: {}, settings });
  const { page, rowsAre, shot, workspace } = opened;
  await showTree(opened, 'web-0');
  await rowsAre(/web-0 stopped.*\ndb-0 stopped/);
  await openFile(page, 'castra.toml');
  await page.keyboard.press('Control+End');
  await typeInEditor(page, 'cpus = ');
  const message = page.locator('.part.sidebar .message', { hasText: 'castra.toml has' });
  await message.waitFor();
  assert.match(readFileSync(join(workspace, 'castra.toml'), 'utf8'), /cpus = \n?$/);
  await rowsAre(/web-0 stopped.*\ndb-0 stopped/);
  assert.ok((await statusBarTexts(page)).some((shown) => shown.includes('0/2')));
  await shot('half-typed');
  for (const _letter of 'cpus = ') await page.keyboard.press('Backspace');
  await message.waitFor({ state: 'hidden' });
  await rowsAre(/web-0 stopped.*\ndb-0 stopped/);
});

test('a QEMU that is killed is seen within two seconds', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const opened = await openCastra(t, { files, fake: {} });
  const { page, rowsAre, castra } = opened;
  await showTree(opened, 'web-0');
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 running/);
  const { vms } = outcomeOf<StatusOutcome>(await castra('status', '--json'));
  process.kill(vms[0]?.pid ?? 0, 'SIGKILL');
  const killed = performance.now();
  await rowsAre(/web-0 QEMU crashed or was killed\. .*“Up”/);
  // How long it took is no assertion on a loaded machine; a look each minute is what this must not wait for.
  t.diagnostic(`It was seen ${Math.round(performance.now() - killed)} ms after the signal.`);
});

test('a row goes through its steps in order, and never back', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const opened = await openCastra(t, { files, fake: { 'web-0': { bootDelayMs: 600 } } });
  const { page, rowsAre } = opened;
  await openContainer(page, 'Castra');
  await row(page, VIEW, 'web-0').waitFor();
  await page.evaluate(WATCH_ROW);
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 running/);
  const seen = await page.evaluate<string[]>('window.castraSeen');
  const order = ['stopped', 'starting', 'preparing its disk', 'starting QEMU', 'firmware runs', 'kernel runs'];
  const steps = [...order, 'waiting for SSH', 'running'];
  const places = seen.map((text) => steps.findIndex((step) => text.startsWith(step)));
  assert.ok(!places.includes(-1), seen.join(' | '));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    seen.join(' | '),
  );
  assert.ok(seen.length > 2, seen.join(' | '));
});

/** Collects every description that the first row ever has. */
const WATCH_ROW = `(() => {
  window.castraSeen = [];
  const look = () => {
    const text = document.querySelector('.part.sidebar .monaco-list-row .label-description')?.textContent;
    if (text && window.castraSeen.at(-1) !== text) window.castraSeen.push(text);
  };
  look();
  new MutationObserver(look).observe(document.querySelector('.part.sidebar'), {
    subtree: true, childList: true, characterData: true,
  });
})()`;
