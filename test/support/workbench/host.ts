import type { TestContext } from 'node:test';
import { openPage, type WorkbenchOptions } from '../workbench.ts';

/** Of everything that runs in the extension host. */
const HOST_TIMEOUT_MS = 120_000;

export interface HostRun {
  /** 0 when `run()` of the tests resolved, 1 when it failed. */
  readonly code: number;
  /** What was written to the extension host's console. */
  readonly log: string;
}

/**
 * Runs `run()` of a bundled CommonJS file in the extension host, where `require('vscode')` works. VS Code calls it when
 * the window is ready, and hands its end to the page: the same file that @vscode/test-electron takes. Dialogs are
 * refused meanwhile.
 */
export async function runInHost(t: TestContext, tests: string, options: WorkbenchOptions): Promise<HostRun> {
  const lines: string[] = [];
  let exit = (_code: number) => {};
  const exited = new Promise<number>((done) => {
    exit = done;
  });
  const { extension, ...rest } = options;
  const opened = await openPage(t, rest, {
    payload: (origin) => [
      ['extensionDevelopmentPath', `${origin}${extension}`],
      ['extensionTestsPath', `${origin}${tests}`],
    ],
    async prepare(page) {
      await page.exposeFunction('codeAutomationLog', (_type: string, values: unknown[]) => {
        lines.push(values.map(String).join(' '));
      });
      await page.exposeFunction('codeAutomationExit', (code: number) => exit(code));
    },
  });
  const timeout = setTimeout(exit, HOST_TIMEOUT_MS, TIMED_OUT);
  const code = await exited;
  clearTimeout(timeout);
  const log = lines.join('\n');
  if (code !== TIMED_OUT) return { code, log };
  throw new Error(`run() did not end. Its log:\n${log}\nThe server's:\n${opened.server.output()}`);
}

const TIMED_OUT = -1;
