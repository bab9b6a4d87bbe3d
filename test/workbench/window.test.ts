import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../support/tempProject.ts';
import { hasCommand, pick, pickerItems, runCommand } from '../support/workbench/commands.ts';
import {
  openFile,
  outputText,
  problems,
  squiggles,
  typeInEditor,
  waitForEditor,
} from '../support/workbench/editors.ts';
import { answerNotification, notification, statusBarTexts } from '../support/workbench/notifications.ts';
import { openTerminal, typeInTerminal, waitForTerminal } from '../support/workbench/terminals.ts';
import {
  chooseFromMenu,
  clickInline,
  clickViewAction,
  clickWelcome,
  expandView,
  openContainer,
  row,
  rowTexts,
  welcomeText,
} from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { answerTrustDialog, grantTrust, reloadWindow } from '../support/workbench/window.ts';
import { openWorkbench, skipped, type Workbench } from '../support/workbench.ts';

const extension = join(process.cwd(), 'test/support/probeExtension');
const CONTAINER = 'Castra Probe';
const VIEW = 'Probe Rows';

function waitForRow({ page }: Workbench, text: string): Promise<string[]> {
  return eventually(
    () => rowTexts(page, VIEW),
    (rows) => rows[0] === text,
    `The row never is "${text}"`,
  );
}

test('a tree is read, clicked and chosen from as a user does it', { skip: skipped }, async (t) => {
  const opened = await openWorkbench(t, { extension });
  const { page } = opened;
  await openContainer(page, CONTAINER);
  await waitForRow(opened, 'A row 0 trusted');
  await row(page, VIEW, 'A row').click();
  await waitForRow(opened, 'A row 1 trusted');
  await clickInline(page, VIEW, 'A row', 'Count');
  await waitForRow(opened, 'A row 2 trusted');
  const picture = join(opened.workspace, 'tree.png');
  await page.screenshot({ path: picture });
  assert.ok(statSync(picture).size > 10_000);
  await chooseFromMenu(page, VIEW, 'A row', 'Reset Count');
  await waitForRow(opened, 'A row 0 trusted');
  await openContainer(page, 'Explorer');
  await expandView(page, 'Probe Nothing');
  await eventually(
    () => welcomeText(page, 'Probe Nothing'),
    (text) => text.startsWith('There is nothing.'),
    'There is no welcome',
  );
  await clickWelcome(page, 'Probe Nothing', 'Count');
  await openContainer(page, CONTAINER);
  await waitForRow(opened, 'A row 1 trusted');
  await clickViewAction(page, VIEW, 'Reset Count');
  await waitForRow(opened, 'A row 0 trusted');
  await reloadWindow(page);
  await waitForRow(opened, 'A row 0 trusted');
  assert.deepEqual(opened.errors, []);
});

test('commands, quick picks, notifications and output channels are reached', { skip: skipped }, async (t) => {
  const { page } = await openWorkbench(t, { extension });
  assert.equal(await hasCommand(page, 'Castra Probe: Ask'), true);
  assert.equal(await hasCommand(page, 'Castra Probe: Sing'), false);
  await runCommand(page, 'Castra Probe: Ask');
  assert.deepEqual(await pickerItems(page), ['one', 'two']);
  await pick(page, 'two');
  await notification(page, 'You picked two.').waitFor();
  await answerNotification(page, 'You picked two.', 'Fine');
  await outputText(page, 'Castra Probe', /answer is Fine/);
});

test('an editor is typed in, and shows what is wrong', { skip: skipped }, async (t) => {
  const { page } = await openWorkbench(t, { extension, roots: ['one', 'two'], files: { 'two/a.txt': 'right\n' } });
  await openFile(page, 'a.txt');
  await waitForEditor(page, /^right\n$/);
  await typeInEditor(page, 'wrong ');
  await waitForEditor(page, /^wrong right\n$/);
  await eventually(
    () => squiggles(page, 'error'),
    (count) => count === 1,
    'Nothing is underlined',
  );
  assert.match((await problems(page)).join(), /This is wrong\./);
});

test('a terminal runs what is typed', { skip: skipped }, async (t) => {
  const { page } = await openWorkbench(t, { extension });
  await openTerminal(page);
  await typeInTerminal(page, 'echo $((6 * 7)) in "$(basename "$PWD")"');
  await waitForTerminal(page, /^42 in w$/m);
});

test('a folder is restricted until it is trusted', { skip: skipped }, async (t) => {
  const opened = await openWorkbench(t, { extension, trust: true });
  const { page } = opened;
  await answerTrustDialog(page, 'restricted');
  await openContainer(page, CONTAINER);
  await waitForRow(opened, 'A row 0 restricted');
  assert.match((await statusBarTexts(page)).join(), /Restricted Mode/);
  await grantTrust(page);
  await waitForRow(opened, 'A row 0 trusted');
});

test('a packed extension is installed and runs', { skip: skipped }, async (t) => {
  const folder = tempFolder();
  t.after(() => folder.dispose());
  const vsix = join(folder.path, 'probe.vsix');
  const vsce = join(process.cwd(), 'node_modules/@vscode/vsce/vsce');
  const flags = ['--no-dependencies', '--allow-missing-repository', '--skip-license', '--out', vsix];
  execFileSync(process.execPath, [vsce, 'package', ...flags], { cwd: extension, stdio: 'pipe' });
  const opened = await openWorkbench(t, { vsix: [vsix] });
  await openContainer(opened.page, CONTAINER);
  await waitForRow(opened, 'A row 0 trusted');
});
