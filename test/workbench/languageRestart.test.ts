import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configOf, emptyImage, openCastra, showTree } from '../support/extension.ts';
import type { Page } from '../support/workbench/browser.ts';
import { runCommand } from '../support/workbench/commands.ts';
import { openFile, squiggles, typeInEditor } from '../support/workbench/editors.ts';
import { hostLog } from '../support/workbench/hostLog.ts';
import { notification } from '../support/workbench/notifications.ts';
import { eventually } from '../support/workbench/wait.ts';
import { skipped } from '../support/workbench.ts';

const RESTART = 'Castra: Restart Language Server';

test('the language server restarts, also after a start that failed', { skip: skipped }, async (t) => {
  const extension = copyOfExtension(t);
  const server = join(extension, 'dist', 'server.js');
  const files = { 'castra.toml': configOf('shop', emptyImage(t), { web: '' }) };
  const opened = await openCastra(t, { extension, files, fake: {} });
  const { page, rowsAre, castra } = opened;
  const folder = dirname(opened.workspace);
  await showTree(opened, 'web-0');
  await openFile(page, 'castra.toml');
  await findsFault(page, 1);
  const runs = (count: number) =>
    eventually(
      () => serversOf(folder),
      (pids) => pids.length === count,
      `There are never ${count} servers`,
    );
  let [before] = await runs(1);

  for (const count of [2, 3]) {
    await runCommand(page, RESTART);
    await eventually(
      () => serversOf(folder),
      (pids) => pids.length === 1 && pids[0] !== before,
      'The server is never another one',
    );
    [before] = await serversOf(folder);
    await findsFault(page, count);
  }

  renameSync(server, `${server}.away`);
  await runCommand(page, RESTART);
  await notification(page, /couldn't create connection to server/).waitFor();
  await runs(0);
  renameSync(`${server}.away`, server);
  await runCommand(page, RESTART);
  await findsFault(page, 4);
  await runs(1);

  // Each change of the fleet is reported to the server that runs, and to none that has ended.
  await castra('up');
  await rowsAre(/web-0 running/);
  await castra('down');
  await rowsAre(/web-0 stopped/);
  await findsFault(page, 5);
  await runs(1);
  const log = hostLog(opened);
  assert.match(log, /castra\.castra/, 'this is not the log of the host that runs the extension');
  assert.doesNotMatch(log, /rejected promise not handled|unhandled|Client is not running/i);
  assert.doesNotMatch(log, /\/dist\/extension\.cjs:/, 'an error of the extension has its place in the log');
});

/** What ships, where a file of it may be taken away. */
function copyOfExtension(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'castra-e-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['package.json', 'package.nls.json', 'dist', 'client/media', 'syntaxes', 'runtime/config']) {
    cpSync(name, join(folder, name), { recursive: true });
  }
  return folder;
}

/** Writes one more key that nothing knows, and waits for the server to mark all `count` of them. */
async function findsFault(page: Page, count: number): Promise<void> {
  // Focused first: the cursor would not move elsewhere.
  await typeInEditor(page, '');
  await page.keyboard.press('Control+End');
  await typeInEditor(page, `\nkey${count} = 1`);
  await page.keyboard.press('Escape');
  await eventually(
    () => squiggles(page, 'warning'),
    (marked) => marked === count,
    `There are never ${count} marked keys`,
  );
}

/** Pids of language servers of the window whose things are in `folder`: its TMPDIR is. */
async function serversOf(folder: string): Promise<number[]> {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && /\/dist\/server\.js\0/.test(read(`/proc/${name}/cmdline`)))
    .filter((name) => read(`/proc/${name}/environ`).includes(`TMPDIR=${folder}`))
    .map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
