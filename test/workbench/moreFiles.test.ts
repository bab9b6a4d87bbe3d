import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra } from '../support/extension.ts';
import { openFile, squiggles } from '../support/workbench/editors.ts';
import { eventually } from '../support/workbench/wait.ts';
import { skipped } from '../support/workbench.ts';

test('files of another name are edited like castra.toml, by setting or by schema', { skip: skipped }, async (t) => {
  const wrong = `${configOf('shop', emptyImage(t), { web: '' })}cpus = 0\n`;
  const files = {
    'castra.toml': configOf('shop', emptyImage(t), { web: '' }),
    'staging.toml': wrong,
    'with-schema.toml': `#:schema ./castra.schema.json\n${wrong}`,
    'other.toml': wrong,
  };
  const settings = { 'castra.files': ['staging.toml'] };
  const opened = await openCastra(t, { files, fake: {}, settings });
  const { page } = opened;
  for (const name of ['staging.toml', 'with-schema.toml']) {
    await openFile(page, name);
    await eventually(
      () => squiggles(page, 'error'),
      (count) => count === 1,
      `nothing is wrong with ${name}`,
    );
  }
  await openFile(page, 'other.toml');
  assert.equal(await squiggles(page, 'error'), 0);
  assert.deepEqual(opened.errors, []);
});
