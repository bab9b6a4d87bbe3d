import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FAKE_QEMU } from '../support/fakeVm.ts';
import { tempFolder } from '../support/tempProject.ts';
import { openFile, problems, squiggles, typeInEditor } from '../support/workbench/editors.ts';
import { openTerminal, typeInTerminal, waitForTerminal } from '../support/workbench/terminals.ts';
import { clickInline, openContainer, row, rowTexts } from '../support/workbench/trees.ts';
import { eventually } from '../support/workbench/wait.ts';
import { openWorkbench, skipped } from '../support/workbench.ts';

const VIEW = 'Virtual Machines';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };

test('the packed extension works in a VS Code that has nothing else', { skip: skipped }, async (t) => {
  const folder = tempFolder();
  t.after(() => folder.dispose());
  const vsix = join(folder.path, 'castra.vsix');
  execFileSync(process.execPath, ['scripts/package.mjs', vsix], { stdio: 'pipe' });
  const base = join(folder.path, 'base.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', base, '1M']);
  const { page, errors } = await openWorkbench(t, {
    vsix: [vsix],
    files: { 'castra.toml': tomlWith(base) },
    settings: { 'castra.confirmDiscard': false },
    env: { CASTRA_QEMU: FAKE_QEMU, FAKE_QEMU: '{}', CASTRA_HOME: join(folder.path, 'home') },
  });
  const rowIs = (pattern: RegExp) =>
    eventually(
      () => rowTexts(page, VIEW),
      (rows) => pattern.test(rows.join('\n')),
      `no row like ${pattern}`,
    );
  await openContainer(page, 'Castra');
  await row(page, VIEW, 'web-0').waitFor();
  await rowIs(/web-0 stopped/);

  await clickInline(page, VIEW, 'web-0', 'Up');
  await rowIs(/web-0 running/);
  await clickInline(page, VIEW, 'web-0', 'Down');
  await rowIs(/web-0 stopped/);

  await openTerminal(page);
  await typeInTerminal(page, 'castra --version');
  await waitForTerminal(page, new RegExp(`^castra ${version.replaceAll('.', '\\.')}$`, 'm'));

  await openFile(page, 'castra.toml');
  await typeInEditor(page, 'cpuz = 1\n');
  await eventually(
    () => squiggles(page, 'warning'),
    (count) => count > 0,
    'no squiggle',
  );
  assert.ok((await problems(page)).some((problem) => problem.includes('cpuz')));
  assert.deepEqual(errors, []);
});

const tomlWith = (base: string) => `version = "0.2.0"

[project]
name = "shop"

[[vms]]
name = "web"
cpus = 1
memory = "256 MiB"
base_image = ${JSON.stringify(base)}
`;
