import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra, showTree, VIEW } from '../support/extension.ts';
import type { Page } from '../support/workbench/browser.ts';
import { runCommand } from '../support/workbench/commands.ts';
import { editorText, waitForEditor } from '../support/workbench/editors.ts';
import { answerNotification, notification } from '../support/workbench/notifications.ts';
import { clickInline, openContainer, welcomeText } from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { skipped, type Workbench } from '../support/workbench.ts';

function welcomeIs({ page }: Workbench, expected: RegExp): Promise<string> {
  return eventually(
    () => welcomeText(page, VIEW),
    (text) => expected.test(text),
    `The view never says ${expected}`,
  );
}

async function openWalkthrough(page: Page): Promise<void> {
  await runCommand(page, 'Welcome: Open Walkthrough...');
  await page.locator('.quick-input-widget .monaco-list-row', { hasText: 'Get started with Castra' }).first().click();
}

const step = (page: Page, title: string) =>
  page.locator('.gettingStartedContainer .getting-started-step', { hasText: title });

test('a folder without castra.toml is offered one, and has its VM at once', { skip: skipped }, async (t) => {
  const opened = await openCastra(t, { fake: {} });
  const { page, workspace, rowsAre, shot } = opened;
  await openContainer(page, 'Castra');
  await welcomeIs(opened, /This folder has no castra\.toml yet/);
  assert.doesNotMatch(await welcomeText(page, VIEW), /QEMU/);
  await page.locator('.welcome-view-content .monaco-button', { hasText: 'Create castra.toml' }).click();
  await eventually(
    () => editorText(page),
    (text) => text.includes('[[vms]]'),
    'castra.toml is not shown',
  );
  assert.ok(existsSync(join(workspace, 'castra.toml')));
  await rowsAre(/-0 stopped/);
  // The cursor is on the name of the VM, which is to be typed.
  await page.keyboard.type('shop');
  await page.keyboard.press('Control+s');
  await rowsAre(/^shop-0 stopped/);

  await openWalkthrough(page);
  await step(page, 'Install QEMU').waitFor();
  await shot('walkthrough');
  assert.deepEqual(opened.errors, []);
});

test('the walkthrough ticks off what is there and what was done', { skip: skipped }, async (t) => {
  const { page } = await openCastra(t, { fake: {} });
  await openWalkthrough(page);
  await step(page, 'Create castra.toml').click();
  await page.locator('.gettingStartedContainer .monaco-button:visible', { hasText: 'Create castra.toml' }).click();
  await waitForEditor(page, /\[\[vms\]\]/);
  // It looked for QEMU when it was activated for that.
  await openWalkthrough(page);
  for (const title of ['Install QEMU', 'Create castra.toml']) {
    await step(page, title).locator('.codicon-getting-started-step-checked').waitFor({ state: 'attached' });
  }
  assert.equal(await step(page, 'Watch it boot').locator('.codicon-getting-started-step-checked').count(), 0);
});

test('the first step of the walkthrough is ticked where QEMU is there', { skip: skipped }, async (t) => {
  const { page } = await openCastra(t, { fake: {} });
  await openWalkthrough(page);
  await step(page, 'Install QEMU').locator('.codicon-getting-started-step-checked').waitFor({ state: 'attached' });
  await step(page, 'Use it in a terminal').click();
  assert.doesNotMatch((await page.locator('.gettingStartedContainer').allInnerTexts()).join(), /`/);
});

test('a window without a folder says what to do', { skip: skipped }, async (t) => {
  const opened = await openCastra(t, { fake: {}, noFolder: true });
  await openContainer(opened.page, 'Castra');
  await welcomeIs(opened, /Open a folder to declare its virtual machines/);
  assert.deepEqual(opened.errors, []);
});

test('without QEMU an up says how it is installed, and so does an empty view', { skip: skipped }, async (t) => {
  const files = { 'sub/castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const settings = { 'castra.qemu.path': '/srv/nowhere/qemu-system-x86_64' };
  const opened = await openCastra(t, { files, settings });
  const { page, rowsAre } = opened;
  await showTree(opened, 'web-0');
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowsAre(/web-0 QEMU is missing: .*\/srv\/nowhere/);
  await notification(page, 'QEMU is missing').waitFor();
  await answerNotification(page, 'QEMU is missing', 'Install QEMU…');
  await notification(page, 'Copied: ').waitFor();

  rmSync(join(opened.workspace, 'sub/castra.toml'));
  await welcomeIs(opened, /QEMU, which runs the virtual machines, was not found/);
});
