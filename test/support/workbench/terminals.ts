import type { Page } from './browser.ts';
import { runCommand } from './commands.ts';
import { eventually } from './wait.ts';

/** A new terminal with the default shell; resolves when the shell asks for input. */
export async function openTerminal(page: Page): Promise<void> {
  await runCommand(page, 'Terminal: Create New Terminal');
  await waitForTerminal(page, /[$#] *$/m);
}

/** Types a line and Enter in the terminal that is shown. */
export async function typeInTerminal(page: Page, line: string): Promise<void> {
  await page.locator(`${TERMINAL} .xterm-helper-textarea`).focus();
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
}

/** The rows of the terminal that are in view. Long lines are wrapped. */
export async function terminalText(page: Page): Promise<string> {
  const lines = await page.locator(`${TERMINAL} .xterm-rows > div`).allInnerTexts();
  return lines
    .map((line) => line.replaceAll('\u00a0', ' ').trimEnd())
    .join('\n')
    .trimEnd();
}

/** What was typed is shown as well: ask for something that only the answer has. */
export function waitForTerminal(page: Page, expected: RegExp): Promise<string> {
  return eventually(
    () => terminalText(page),
    (text) => expected.test(text),
    `The terminal never shows ${expected}`,
  );
}

const TERMINAL = '.terminal-wrapper.active';
