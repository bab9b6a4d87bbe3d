import type { Locator, Page } from './browser.ts';
import { escapePattern } from './wait.ts';

/** Shows the container with this title on the activity bar, unless it is shown. */
export async function openContainer(page: Page, title: string): Promise<void> {
  const item = page.locator(`.activitybar .action-item:has(.action-label[aria-label^="${title}"])`);
  await item.waitFor();
  if ((await item.getAttribute('aria-selected')) !== 'true') await item.click();
}

/** Unfolds a view of the container that is shown. */
export async function expandView(page: Page, view: string): Promise<void> {
  const header = pane(page, view).locator('.pane-header');
  await header.waitFor();
  if ((await header.getAttribute('aria-expanded')) === 'false') await header.click();
}

/** All rows of a tree view that are in view, as `label description`, from top to bottom. */
export function rowTexts(page: Page, view: string): Promise<string[]> {
  // The description follows its label with nothing between.
  return rows(page, view).evaluateAll((elements) =>
    elements.map((element) =>
      [...element.querySelectorAll('.label-name, .label-description')].map((part) => part.textContent).join(' '),
    ),
  );
}

/** The row with exactly this label. Wait for it with `.waitFor()`. */
export function row(page: Page, view: string, label: string): Locator {
  const name = page.locator('.label-name', { hasText: new RegExp(`^\\s*${escapePattern(label)}\\s*$`) });
  return rows(page, view).filter({ has: name });
}

/** A button on the row; it shows while the mouse is there. `title` is that of the command. */
export async function clickInline(page: Page, view: string, label: string, title: string): Promise<void> {
  await row(page, view, label).hover();
  await row(page, view, label).locator(`.actions .action-label[aria-label^="${title}"]`).click();
}

/** What the row's context menu offers; the menu stays open. */
export async function openMenu(page: Page, view: string, label: string): Promise<string[]> {
  await row(page, view, label).click({ button: 'right' });
  await menuItems(page).first().waitFor();
  return menuItems(page).allInnerTexts();
}

export async function chooseFromMenu(page: Page, view: string, label: string, item: string): Promise<void> {
  await openMenu(page, view, label);
  const chosen = menuItems(page).filter({ hasText: new RegExp(`^${escapePattern(item)}$`) });
  await chosen.hover();
  // Not a click: menus ignore the mouse button for 100 ms, as the one that opened them may still be down.
  await page.keyboard.press('Enter');
  await chosen.waitFor({ state: 'hidden' });
}

/** A button in the title of the view. The only view of a container has its buttons in that one's title. */
export async function clickViewAction(page: Page, view: string, title: string): Promise<void> {
  const button = `.action-label[aria-label^="${title}"]:visible`;
  await pane(page, view).hover();
  await page.locator(`${paneSelector(view)} .pane-header ${button}, .part.sidebar > .title ${button}`).click();
}

/** The text of a welcome view, which stands where a tree has no rows. */
export async function welcomeText(page: Page, view: string): Promise<string> {
  return (await pane(page, view).locator('.welcome-view-content').allInnerTexts()).join('\n');
}

/** A button of the welcome view. */
export function clickWelcome(page: Page, view: string, button: string): Promise<void> {
  return pane(page, view).locator('.welcome-view-content .monaco-button', { hasText: button }).click();
}

function pane(page: Page, view: string): Locator {
  return page.locator(paneSelector(view));
}

function paneSelector(view: string): string {
  return `.part.sidebar .pane:has(.pane-header[aria-label^="${view}"])`;
}

function rows(page: Page, view: string): Locator {
  return pane(page, view).locator('.monaco-list-row');
}

/** A menu is in a shadow tree, which playwright's selectors look into. */
function menuItems(page: Page): Locator {
  return page.locator('.monaco-menu .action-item .action-label[aria-label]');
}
