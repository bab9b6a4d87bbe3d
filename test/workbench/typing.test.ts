import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra } from '../support/extension.ts';
import { editorText, openFile, squiggles, typeInEditor, waitForEditor } from '../support/workbench/editors.ts';
import { eventually } from '../support/workbench/wait.ts';
import { skipped } from '../support/workbench.ts';

test('typing: Enter ends a line with a finished value, and a line is not wrong before it ends', {
  skip: skipped,
}, async (t) => {
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: 'colour = 1\n' }) };
  const opened = await openCastra(t, { files, fake: {} });
  const { page } = opened;
  await openFile(page, 'castra.toml');
  const warnings = (wanted: number) =>
    eventually(
      () => squiggles(page, 'warning'),
      (count) => count === wanted,
      `there are never ${wanted} warnings`,
    );
  // The language server runs from here on.
  await warnings(1);
  await page.keyboard.press('Control+End');
  const list = page.locator('.suggest-widget.visible');
  const isListed = (wanted: boolean) =>
    eventually(
      () => list.count(),
      (count) => count > 0 === wanted,
      wanted ? 'No list opens' : 'The list stays open',
    );
  await typeInEditor(page, '\ncoun');

  await isListed(true);
  await page.keyboard.press('Enter');
  await waitForEditor(page, /count = $/m);
  await isListed(true);
  await page.keyboard.type('1');
  await isListed(false);
  await page.keyboard.press('Enter');
  await page.keyboard.type('bogus_key = 1');
  const text = await waitForEditor(page, /bogus_key = 1/);
  assert.match(text, /count = 1\nbogus_key = 1/);
  // It waited while it could still become a known one, and comes by itself.
  await warnings(2);
  assert.doesNotMatch(await editorText(page), /count = 1bogus/);
  assert.deepEqual(opened.errors, []);
});
