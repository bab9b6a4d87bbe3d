import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../support/workbench/commands.ts';
import { openFile, outputText, problems, squiggles, typeInEditor } from '../support/workbench/editors.ts';
import { openTerminal, typeInTerminal, waitForTerminal } from '../support/workbench/terminals.ts';
import { clickInline, openContainer, row, rowTexts } from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { openWorkbench, skipped } from '../support/workbench.ts';

const VIEW = 'Virtual Machines';
const GUEST = process.env.CASTRA_TEST_GUEST ?? '';
const toml = `version = "0.2.0"

[project]
name = "shop"

[[vms]]
name = "web"
cpus = 1
memory = "256 MiB"
base_image = ${JSON.stringify(GUEST)}
ssh_user = "root"
`;

const skip = skipped || (existsSync(GUEST) ? false : 'CASTRA_TEST_GUEST is not there');
const shots = process.env.CASTRA_SCREENSHOTS;
if (shots) mkdirSync(shots, { recursive: true });
test('a VM goes up and down from its row; its log, its shell and the terminal work', { skip }, async (t) => {
  const { page, errors } = await openWorkbench(t, {
    extension: process.cwd(),
    files: { 'castra.toml': toml },
    settings: { 'castra.confirmDiscard': false },
  });
  const shot = async (name: string) => {
    if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
  };
  await openContainer(page, 'Castra');
  await row(page, VIEW, 'web-0').waitFor();
  const rowIs = (pattern: RegExp) =>
    eventually(
      () => rowTexts(page, VIEW),
      (rows) => pattern.test(rows.join('\n')),
      `a row like ${pattern}`,
    );
  await rowIs(/web-0 stopped · 1 CPU · 256 MiB/);
  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowIs(/web-0 running/);
  await shot('tree');

  await runCommand(page, 'Castra: Show Serial Log');
  assert.match(await outputText(page, 'Castra: web-0 serial', /READY/), /castra-guest: READY/);

  await openTerminal(page);
  await typeInTerminal(page, 'castra status');
  await waitForTerminal(page, /web-0\s+running/);
  await typeInTerminal(page, 'castra ssh web-0 -- echo from-$((40+2))');
  await waitForTerminal(page, /from-42/);

  await openFile(page, 'castra.toml');
  await eventually(
    () => page.locator('.codelens-decoration').allInnerTexts(),
    (lenses) => /Down.*Shell.*Serial.*running/s.test(lenses.join()),
    'no lens that says what the VM does',
  );
  await typeInEditor(page, 'cpuz = 1\n');
  await eventually(
    () => squiggles(page, 'warning'),
    (count) => count > 0,
    'no squiggle',
  );
  assert.ok((await problems(page)).some((problem) => problem.includes('cpuz')));
  await shot('editor');

  await openContainer(page, 'Castra');
  await clickInline(page, VIEW, 'web-0', 'Down');
  await rowIs(/web-0 stopped/);
  assert.deepEqual(errors, []);
});
