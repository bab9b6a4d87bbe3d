import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf, emptyImage, openCastra, showTree, VIEW } from '../support/extension.ts';
import { clickInline, row } from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { skipped } from '../support/workbench.ts';

test('each project of a workspace has a row, with its VMs and its buttons', { skip: skipped }, async (t) => {
  const image = emptyImage(t);
  const opened = await openCastra(t, {
    roots: ['shop', 'blog'],
    files: {
      'shop/castra.toml': configOf('shop', image, { web: '' }),
      'blog/castra.toml': configOf('blog', image, { page: '' }),
    },
    fake: {},
  });
  const { page, rowsAre, shot } = opened;
  await showTree(opened, 'shop');
  await rowsAre(/^blog 0 running\npage-0 stopped.*\nshop 0 running\nweb-0 stopped/);
  await clickInline(page, VIEW, 'shop', 'Up All');
  await rowsAre(/^blog 0 running\npage-0 stopped.*\nshop 1 running\nweb-0 running/);
  const badge = page.locator('.activitybar .action-item:has(.action-label[aria-label^="Castra"]) .badge-content');
  await eventually(
    () => badge.allInnerTexts(),
    ([text]) => text === '1',
    'The badge never counts one VM',
  );
  await shot('projects');

  rmSync(join(opened.workspace, 'blog/castra.toml'));
  await rowsAre(/^web-0 running/);
  await row(page, VIEW, 'blog').waitFor({ state: 'hidden' });
  await clickInline(page, VIEW, 'web-0', 'Down');
  await rowsAre(/^web-0 stopped/);
  assert.deepEqual(opened.errors, []);
});

test('fifty VMs are drawn, started and stopped', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('farm', emptyImage(t), { node: 'count = 50' }) };
  const opened = await openCastra(t, { files, fake: {} });
  const { page, rowsAre } = opened;
  const before = performance.now();
  await showTree(opened, 'node-0');
  await rowsAre(/node-0 stopped.*node-20 stopped/s);
  t.diagnostic(`50 VMs were in the tree ${Math.round(performance.now() - before)} ms after its icon was looked for.`);
  const started = performance.now();
  await clickInline(page, VIEW, 'node-0', 'Up');
  await rowsAre(/node-0 running.*node-1 stopped/s);
  t.diagnostic(`One of them ran ${Math.round(performance.now() - started)} ms after the click.`);
  assert.deepEqual(opened.errors, []);
});
