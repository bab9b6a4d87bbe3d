import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * What the rig uses of playwright-core, in its own words: the package lies in the rig's folder, not in node_modules, so
 * its types are not there when the rig is not. https://playwright.dev/docs/api/class-page
 */
export interface Browser {
  newContext(options: { viewport: { width: number; height: number } }): Promise<BrowserContext>;
  close(): Promise<void>;
}

export interface BrowserContext {
  newPage(): Promise<Page>;
  grantPermissions(permissions: readonly string[]): Promise<void>;
}

export interface Page {
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  readonly mouse: { move(x: number, y: number): Promise<void> };
  exposeFunction(name: string, callback: (...values: never[]) => unknown): Promise<void>;
  goto(url: string): Promise<unknown>;
  on(event: 'console', listener: (message: ConsoleMessage) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'crash', listener: () => void): void;
  locator(selector: string, options?: LocatorOptions): Locator;
  evaluate<Result>(expression: string): Promise<Result>;
  waitForFunction(expression: string, argument?: unknown, options?: { timeout?: number }): Promise<unknown>;
  waitForEvent(event: 'domcontentloaded'): Promise<unknown>;
  screenshot(options: { path: string }): Promise<Uint8Array>;
  setDefaultTimeout(milliseconds: number): void;
}

export interface ConsoleMessage {
  type(): string;
  text(): string;
  location(): { readonly url: string };
}

export interface LocatorOptions {
  readonly hasText?: string | RegExp;
  readonly has?: Locator;
}

export interface Locator {
  locator(selector: string, options?: LocatorOptions): Locator;
  filter(options: LocatorOptions): Locator;
  first(): Locator;
  last(): Locator;
  nth(index: number): Locator;
  click(options?: {
    modifiers?: readonly 'Control'[];
    button?: 'left' | 'right';
    clickCount?: number;
    force?: boolean;
    timeout?: number;
  }): Promise<void>;
  hover(options?: { timeout?: number }): Promise<void>;
  fill(text: string): Promise<void>;
  focus(): Promise<void>;
  press(key: string): Promise<void>;
  count(): Promise<number>;
  isVisible(): Promise<boolean>;
  innerText(): Promise<string>;
  textContent(): Promise<string | null>;
  allInnerTexts(): Promise<string[]>;
  getAttribute(name: string): Promise<string | null>;
  waitFor(options?: { state?: 'visible' | 'hidden' | 'attached' | 'detached'; timeout?: number }): Promise<void>;
  /** The function runs in the page: it sees nothing of where it is written. */
  evaluateAll<Result>(pageFunction: (elements: readonly PageElement[]) => Result): Promise<Result>;
}

/** What functions that run in the page use of its DOM; Node's types have none. */
export interface PageElement {
  readonly textContent: string;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

interface Playwright {
  readonly chromium: {
    launch(options: {
      executablePath: string;
      headless: boolean;
      args: readonly string[];
      env: NodeJS.ProcessEnv;
      handleSIGINT: boolean;
      handleSIGTERM: boolean;
      handleSIGHUP: boolean;
    }): Promise<Browser>;
  };
}

/** Headless, with a profile below TMPDIR that goes with it. It ends when the pipe to us closes, so it never outlives us. */
export function launchChromium(rigFolder: string, env: NodeJS.ProcessEnv): Promise<Browser> {
  const { chromium }: Playwright = createRequire(join(rigFolder, 'package.json'))('playwright-core');
  return chromium.launch({
    executablePath: join(rigFolder, 'chromium'),
    headless: true,
    // Containers give /dev/shm 64 MB, which is not enough for a workbench.
    args: ['--disable-dev-shm-usage', '--disable-gpu'],
    env,
    // The test runner's signals are ours.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}
