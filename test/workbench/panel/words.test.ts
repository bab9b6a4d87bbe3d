import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra, showTree, VIEW } from '../../support/extension.ts';
import { runCommand } from '../../support/workbench/commands.ts';
import { editorText, waitForEditor, waitForOutput } from '../../support/workbench/editors.ts';
import { answerNotification, notification, statusBarTexts } from '../../support/workbench/notifications.ts';
import { clickInline, row } from '../../support/workbench/trees.ts';
import { eventually } from '../../support/workbench/wait.ts';
import { answerDialog, answerTrustDialog, dialog } from '../../support/workbench/window.ts';
import { skipped } from '../../support/workbench.ts';

test('Down and Restart say before what is lost, and can keep it; a setting turns that off', {
  skip: skipped,
}, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const opened = await openCastra(t, { files, fake: {}, settings: { 'castra.confirmDiscard': true } });
  const { page, rowsAre, castra, shot } = opened;
  await showTree(opened, 'web-0');
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 running/);
  await clickInline(page, VIEW, 'web-0', 'Down');
  await dialog(page).waitFor();
  const question = (await dialog(page).allInnerTexts()).join();
  assert.match(question, /Down of web-0 discards its disk: [\d.]+ KiB written since \d+:\d+/);
  assert.match(question, /Down and Keep Disk/);
  assert.match(question, /Export, Then Down/);
  await shot('down');
  await answerDialog(page, 'Cancel');
  await rowsAre(/web-0 running/);

  await runCommand(page, 'Castra: Restart');
  await dialog(page).waitFor();
  assert.match((await dialog(page).allInnerTexts()).join(), /Restart of web-0 discards its disk/);
  await answerDialog(page, 'Cancel');
  await clickInline(page, VIEW, 'web-0', 'Down');
  await answerDialog(page, 'Down and Keep Disk');
  await rowsAre(/web-0 stopped/);
  // What was kept can be exported.
  const target = join(opened.workspace, 'web.qcow2');
  assert.equal((await castra('export', 'web-0', target)).code, 0);
  assert.ok(existsSync(target));
});

test('what a host has too little of can be started anyway; the first button of a failure leads to its cause', {
  skip: skipped,
}, async (t) => {
  const fake = { 'db-0': { exitAtStart: { code: 1, stderr: "qemu-system-x86_64: -device foo: 'foo' is unknown\n" } } };
  const image = emptyImage(t);
  const text = configOf('shop', image, { web: '', db: '' }).replace('cpus = 1', 'cpus = 255');
  const opened = await openCastra(t, { files: { 'castra.toml': text }, fake });
  const { page, rowsAre } = opened;
  await showTree(opened, 'web-0');
  await clickInline(page, VIEW, 'db-0', 'Up');
  await notification(page, 'is unknown').waitFor();
  const [first] = await notification(page, 'is unknown').locator('.monaco-button').allInnerTexts();
  assert.equal(first, 'Show QEMU Log');
  await answerNotification(page, 'is unknown', 'Show QEMU Log');
  await waitForOutput(page, /'foo' is unknown/);

  await clickInline(page, VIEW, 'web-0', 'Up');
  const small = notification(page, 'The VMs need 255 processors together');
  await small.waitFor();
  assert.match((await small.allInnerTexts()).join(), /Lower `cpus`, start fewer VMs, or choose “Start Anyway”/);
  await answerNotification(page, 'The VMs need 255 processors', 'Start Anyway');
  await rowsAre(/web-0 running/);
});

test('only a port that speaks HTTP is opened as a page; addresses and paths can be copied', {
  skip: skipped,
}, async (t) => {
  const ports = '\n[[vms.port_forwards]]\nhost = 0\nguest = 5432\n';
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { db: ports }) };
  const opened = await openCastra(t, { files, fake: {} });
  const { page, rowsAre } = opened;
  await showTree(opened, 'db-0');
  await clickInline(page, VIEW, 'db-0', 'Up');
  await rowsAre(/db-0 running · :\d+→5432/);
  await row(page, VIEW, 'db-0').click();
  await rowsAre(/\n:\d+→5432/);
  const port = page.locator('.part.sidebar .monaco-list-row', { hasText: /→5432/ }).last();
  await port.waitFor();
  assert.match((await port.getAttribute('aria-label')) ?? '', /port \d+ to 5432, open/);
  // The tree may be drawn again under the pointer, while the VM is still getting ready: then the click is lost.
  const told = notification(page, /Port \d+ does not answer as a web server does/);
  for (let tries = 0; tries < 3 && !(await told.isVisible()); tries += 1) {
    await port.click();
    await told.waitFor({ timeout: 8_000 }).catch(() => undefined);
  }
  assert.ok(await told.isVisible());
  await row(page, VIEW, 'Serial log').hover();
  await row(page, VIEW, 'Serial log').locator('.actions .action-label[aria-label^="Copy Path"]').click();
  await eventually(
    () => statusBarTexts(page),
    (texts) => texts.some((text) => /Copied: .*db-0-serial\.log/.test(text)),
    'nothing is said to be copied',
  );
});

test('Doctor is one document that is never saved, and its links lead somewhere', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const opened = await openCastra(t, { files, fake: {} });
  const { page } = opened;
  await showTree(opened, 'web-0');
  for (const _time of [1, 2]) {
    await runCommand(page, 'Castra: Doctor');
    await waitForEditor(page, /# Castra doctor/);
  }
  const tabs = page.locator('.tabs-container .tab', { hasText: 'Castra Doctor' });
  assert.equal(await tabs.count(), 1);
  await page.locator('.editor-group-container.active .monaco-editor').first().click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.type('x');
  assert.match(await editorText(page), /^# Castra doctor/);
  assert.equal(await page.locator('.tabs-container .tab.dirty').count(), 0);
});

test('Restricted Mode says why rows have no buttons', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const opened = await openCastra(t, { files, fake: {}, trust: true });
  const { page } = opened;
  await answerTrustDialog(page, 'restricted');
  await showTree(opened, 'web-0');
  await page.locator('.part.sidebar .message', { hasText: 'Restricted Mode: trust this workspace' }).waitFor();
});
