// `npm run test:electron`: the tests of test/extension in the desktop VS Code, which is downloaded to .cache/vscode.
//
//   node scripts/electron.mjs [VERSION]      stable, insiders, or one such as 1.100.0
//
// `npm test` runs the same tests in code-server, without that download. On Linux a display is needed: xvfb-run -a.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNode, installNodeModules, root, runNode, runScript, SetupError, say } from './setup.mjs';

/** Nothing is asked and nothing is sent; other extensions would be tested as well. */
const QUIET = ['--disable-extensions', '--disable-workspace-trust', '--skip-welcome', '--disable-telemetry'];

await runScript(async () => {
  checkNode();
  installNodeModules();
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    throw new SetupError('castra: VS Code needs a display: run `xvfb-run -a npm run test:electron`.');
  }
  const vscodeExecutablePath = await download(process.argv[2] ?? 'stable');
  if (runNode('esbuild.mjs', '--tests') !== 0) throw new SetupError('castra: build failed.');
  return await runInVsCode(vscodeExecutablePath);
});

async function download(version) {
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  try {
    return await downloadAndUnzipVSCode({ version, cachePath: join(root, '.cache/vscode') });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SetupError(
      `castra: VS Code ${version} could not be downloaded (${why}). \`npm test -- workbench/\` needs no download from there.`,
    );
  }
}

/** Everything of VS Code in one short folder: its sockets have to fit (microsoft/vscode#196543). */
async function runInVsCode(vscodeExecutablePath) {
  const { runTests } = await import('@vscode/test-electron');
  const folder = mkdtempSync(join(tmpdir(), 'ce-'));
  const workspace = join(folder, 'w');
  mkdirSync(workspace);
  copyFileSync(join(root, 'test/extension/castra.toml'), join(workspace, 'castra.toml'));
  const own = ['--user-data-dir', join(folder, 'u'), '--extensions-dir', join(folder, 'e')];
  try {
    return await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: root,
      extensionTestsPath: join(root, '.cache/tests/extension/index.cjs'),
      launchArgs: [workspace, ...own, ...QUIET],
    });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
