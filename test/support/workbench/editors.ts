import type { Page } from './browser.ts';
import { runCommand, typeInPicker } from './commands.ts';
import { eventually } from './wait.ts';

/** Through Go to File, which asks ripgrep. */
export async function openFile(page: Page, name: string): Promise<void> {
  await page.keyboard.press('F1');
  await typeInPicker(page, name);
  await page.locator('.quick-input-widget .monaco-list-row', { hasText: name }).first().click();
  await page.locator(`.editor-group-container.active .tab.active[data-resource-name="${name}"]`).waitFor();
  await page.locator(`${EDITOR} .view-line`).first().waitFor();
}

/** The lines that are in view: an editor draws no others. */
export function editorText(page: Page): Promise<string> {
  return linesOf(page, EDITOR);
}

/** What is typed is drawn a moment later. */
export function waitForEditor(page: Page, expected: RegExp): Promise<string> {
  return eventually(
    () => editorText(page),
    (text) => expected.test(text),
    `The editor never shows ${expected}`,
  );
}

/** Where the cursor is; place it with page.keyboard.press('Control+End') and the like. */
export async function typeInEditor(page: Page, text: string): Promise<void> {
  await page.locator(`${EDITOR} .native-edit-context, ${EDITOR} textarea.inputarea`).first().focus();
  await page.keyboard.type(text);
}

/** How many underlined places are in view. */
export function squiggles(page: Page, severity: 'error' | 'warning' | 'info' | 'hint'): Promise<number> {
  return page.locator(`${EDITOR} .squiggly-${severity}`).count();
}

/** The rows of the Problems view, files included. */
export async function problems(page: Page): Promise<string[]> {
  await runCommand(page, 'Problems: Focus on Problems View');
  const texts = await page.locator('.markers-panel .monaco-list-row').allInnerTexts();
  return texts.map((text) => text.replace(/\s+/g, ' ').trim());
}

/** The end of what an output channel shows, once it matches. */
export async function outputText(page: Page, channel: string, expected: RegExp): Promise<string> {
  await runCommand(page, 'Output: Show Output Channels...');
  await typeInPicker(page, channel);
  await page.locator('.quick-input-widget .monaco-list-row', { hasText: channel }).first().click();
  return waitForOutput(page, expected, `Output ${channel}`);
}

/** The same of the channel that is shown already. */
export function waitForOutput(page: Page, expected: RegExp, what = 'The output'): Promise<string> {
  const read = () => linesOf(page, '.part.panel .output-view, .part.panel .monaco-editor');
  return eventually(read, (text) => expected.test(text), `${what} never matches ${expected}`);
}

const EDITOR = '.editor-group-container.active .editor-instance .monaco-editor';

/** Lines are drawn in any order, at the height where they belong, with no-break spaces. */
function linesOf(page: Page, selector: string): Promise<string> {
  const script = `(() => {
    const root = document.querySelector(${JSON.stringify(selector)});
    const lines = [...(root?.querySelectorAll('.view-line') ?? [])];
    const top = (line) => parseFloat(line.style.top);
    return lines.sort((a, b) => top(a) - top(b)).map((line) => line.textContent.replace(/\\u00a0/g, ' ')).join('\\n');
  })()`;
  return page.evaluate(script);
}
