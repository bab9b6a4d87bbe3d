import type { Locator, Page } from './browser.ts';
import { runCommand } from './commands.ts';
import { escapePattern, WAIT_MS } from './wait.ts';

/** VS Code notes when its window is restored, and when extensions are known and may be activated. */
export async function waitUntilReady(page: Page): Promise<void> {
  for (const mark of ['code/didStartWorkbench', 'code/didLoadExtensions']) {
    await page.waitForFunction(`performance.getEntriesByName(${JSON.stringify(mark)}).length > 0`, undefined, {
      timeout: WAIT_MS,
    });
  }
}

/** As a user does it; the extension host is deactivated and started again. */
export async function reloadWindow(page: Page): Promise<void> {
  const loaded = page.waitForEvent('domcontentloaded');
  await runCommand(page, 'Developer: Reload Window');
  await loaded;
  await waitUntilReady(page);
}

/** A dialog in the middle of the window. */
export function dialog(page: Page): Locator {
  return page.locator('.monaco-dialog-box');
}

/** `button` is the beginning of its text. Resolves when the dialog has gone. */
export async function answerDialog(page: Page, button: string): Promise<void> {
  const box = dialog(page);
  await box.waitFor();
  await box.locator('.monaco-button', { hasText: new RegExp(`^\\s*${escapePattern(button)}`) }).click();
  await box.waitFor({ state: 'hidden' });
}

/** The question that comes when a folder is opened for the first time, with `trust: true` of openWorkbench. */
export function answerTrustDialog(page: Page, answer: 'trust' | 'restricted'): Promise<void> {
  return answerDialog(page, answer === 'trust' ? 'Yes, I trust' : "No, I don't trust");
}

/** From Restricted Mode, in the editor that "Manage" opens. */
export async function grantTrust(page: Page): Promise<void> {
  await runCommand(page, 'Workspaces: Manage Workspace Trust');
  await page
    .locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ })
    .first()
    .click();
}
