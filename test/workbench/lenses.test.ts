import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf, openCastra, showTree, VIEW } from '../support/extension.ts';
import { BASE_IMAGE_NAME, makeQcow2 } from '../support/tempProject.ts';
import { runCommand } from '../support/workbench/commands.ts';
import { openFile, squiggles, typeInEditor } from '../support/workbench/editors.ts';
import { notifications } from '../support/workbench/notifications.ts';
import { row } from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { skipped } from '../support/workbench.ts';

const PORTS = `
[[vms.port_forwards]]
host = 0
guest = 8080
`;

test('ports stand below their VM, and lenses above its table start and stop it', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': configOf('shop', BASE_IMAGE_NAME, { web: PORTS, db: '' }) };
  const opened = await openCastra(t, { files, fake: {} });
  const { page, rowsAre, shot } = opened;
  makeQcow2(join(opened.workspace, BASE_IMAGE_NAME));
  await showTree(opened, 'web-0');
  await rowsAre(/web-0 stopped.*db-0 stopped/s);
  await runCommand(page, 'Castra: Up All');
  await rowsAre(/web-0 running.*db-0 running/s);
  await row(page, VIEW, 'web-0').click();
  await rowsAre(
    /web-0 running · :\d+→8080\n:\d+→8080 127\.0\.0\.1\n:\d+→22 SSH\nSerial log ?\nQEMU log ?\ndb-0 running/,
  );

  await openFile(page, 'castra.toml');
  const lenses = () => page.locator('.codelens-decoration').allInnerTexts();
  await eventually(
    lenses,
    (texts) => texts.filter((text) => /Down.*Shell.*Serial.*running/s.test(text)).length === 2,
    'no lenses for both',
  );
  await shot('tree');
  await page.keyboard.press('Control+End');
  await typeInEditor(page, 'memroy = "1 GiB"');
  await eventually(
    () => squiggles(page, 'warning'),
    (count) => count > 0,
    'no squiggle',
  );
  await shot('editor');

  await page.locator('.codelens-decoration a', { hasText: 'Down' }).first().click();
  await rowsAre(/web-0 stopped.*db-0 running/s);
  await eventually(lenses, (texts) => /Up.*stopped/s.test(texts[0] ?? ''), 'the lens never offers Up');
  assert.deepEqual(await notifications(page), []);
  assert.deepEqual(opened.errors, []);
});
