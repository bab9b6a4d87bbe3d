import type { Locator, Page } from './browser.ts';
import { escapePattern } from './wait.ts';

const WIDGET = '.quick-input-widget';

/** Runs what the palette lists under exactly this title, `Category: Title`. Fails when it is not listed. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  await typeInPicker(page, `>${title}`);
  await pick(page, title);
  await page.waitForFunction(PALETTE_LEFT);
}

/** What a command asks comes up in the same widget, and until then newer releases keep the palette's rows there. */
const PALETTE_LEFT = `(() => {
  const widget = document.querySelector('${WIDGET}');
  // A reloaded window has none.
  return widget === null || widget.style.display === 'none' || !widget.querySelector('input[type="text"]').value.startsWith('>');
})()`;

/** Whether the palette lists a command; one whose `when` in commandPalette is false is not there. */
export async function hasCommand(page: Page, title: string): Promise<boolean> {
  await page.keyboard.press('F1');
  await typeInPicker(page, `>${title}`);
  // The list is filtered at once; it is never empty, as "similar commands" and "No matching commands" are rows.
  await page.locator(`${WIDGET} .monaco-list-row`).first().waitFor();
  const found = (await pickerRow(page, title).count()) > 0;
  await closePicker(page);
  return found;
}

/** Of a quick pick, the palette included: what can be chosen, as far as it is scrolled into view. */
export async function pickerItems(page: Page): Promise<string[]> {
  await page.locator(`${WIDGET} .monaco-list-row`).first().waitFor();
  return page.locator(`${WIDGET} .monaco-list-row .label-name`).allInnerTexts();
}

/** Also the answer of an input box; end it with `page.keyboard.press('Enter')`. */
export async function typeInPicker(page: Page, text: string): Promise<void> {
  await page.locator(`${WIDGET} input[type="text"]`).fill(text);
}

/** Chooses the item whose label is exactly this. */
export async function pick(page: Page, label: string): Promise<void> {
  await pickerRow(page, label).first().click();
}

export async function closePicker(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.locator(WIDGET).waitFor({ state: 'hidden' });
}

function pickerRow(page: Page, label: string): Locator {
  const name = page.locator('.label-name', { hasText: new RegExp(`^\\s*${escapePattern(label)}\\s*$`) });
  return page.locator(`${WIDGET} .monaco-list-row`, { has: name });
}
