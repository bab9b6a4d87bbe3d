import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

type Rig = { readonly folder: string } | { readonly reason: string };

/** What tests use to drive VS Code. It reads the variable when it is loaded, so it is imported afterwards. */
async function loadSupport() {
  if (process.env.CASTRA_TEST_WORKBENCH === undefined) {
    const rig: { prepareWorkbench(): Promise<Rig> } = await import(pathToFileURL('scripts/workbench.mjs').href);
    const prepared = await rig.prepareWorkbench();
    if ('reason' in prepared) throw new Error(`There is no VS Code to measure with: ${prepared.reason}`);
    process.env.CASTRA_TEST_WORKBENCH = prepared.folder;
  }
  const [workbench, commands, notifications, trees, wait, window] = await Promise.all([
    import('../test/support/workbench.ts'),
    import('../test/support/workbench/commands.ts'),
    import('../test/support/workbench/notifications.ts'),
    import('../test/support/workbench/trees.ts'),
    import('../test/support/workbench/wait.ts'),
    import('../test/support/workbench/window.ts'),
  ]);
  return { ...workbench, ...commands, ...notifications, ...trees, ...wait, ...window };
}

/** A window with what ships, installed, and one castra.toml; and what drives it. */
export async function openPacked(t: TestContext, folder: string, toml: string) {
  const support = await loadSupport();
  const vsix = join(folder, 'castra.vsix');
  execFileSync(process.execPath, ['scripts/package.mjs', vsix], { stdio: 'pipe' });
  const { page } = await support.openWorkbench(t, {
    vsix: [vsix],
    files: { 'castra.toml': toml },
    env: { CASTRA_HOME: join(folder, 'home') },
  });
  return { support, page };
}
