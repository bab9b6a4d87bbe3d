import type { Locator, Page } from './browser.ts';

/** The texts of the notifications that are shown now, the newest first. */
export function notifications(page: Page): Promise<string[]> {
  return page.locator('.notifications-toasts .notification-list-item-message').allInnerTexts();
}

/** The notification that has `text`. Wait for it with `.waitFor()`. */
export function notification(page: Page, text: string | RegExp): Locator {
  return page.locator('.notifications-toasts .notification-list-item', { hasText: text });
}

/** Presses one of its buttons. */
export function answerNotification(page: Page, text: string | RegExp, button: string): Promise<void> {
  return notification(page, text).locator('.monaco-button', { hasText: button }).click();
}

/** Items of the status bar, such as "Restricted Mode". */
export function statusBarTexts(page: Page): Promise<string[]> {
  return page.locator('.part.statusbar .statusbar-item').allInnerTexts();
}
