/**
 * The VS Code that tests of the extension see: a real workbench in a headless Chromium, with a real extension host.
 * `npm test` makes the rig (scripts/workbench.mjs) and names its folder in CASTRA_TEST_WORKBENCH. Where there is none,
 * CASTRA_TEST_WORKBENCH_OBSTACLE says why, and `skipped` carries it into the test's output.
 *
 *   test('the tree shows VMs', { skip: skipped }, async (t) => {
 *     const { page } = await openWorkbench(t, { extension: process.cwd(), files: { 'castra.toml': '…' } });
 *     await openContainer(page, 'Castra');                           // workbench/trees.ts
 *     await row(page, 'Virtual Machines', 'web').waitFor();
 *   });
 *
 * Read and act with workbench/{window,wait,commands,trees,notifications,editors,terminals}.ts, each a set of functions that
 * take the page; `page` itself is playwright's. Nothing sleeps: wait for what you expect, with `locator.waitFor()` or
 * `eventually()`. Tests inside the extension host are run with runInHost() of workbench/host.ts.
 */
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type BrowserContext, type ConsoleMessage, launchChromium, type Page } from './workbench/browser.ts';
import { startServer, type WorkbenchServer, workbenchEnvironment } from './workbench/server.ts';
import { WAIT_MS } from './workbench/wait.ts';
import { waitUntilReady } from './workbench/window.ts';

const rigFolder = process.env.CASTRA_TEST_WORKBENCH ?? '';

/** For `skip` of a test: false, or why it cannot run. */
export const skipped: string | false =
  rigFolder === '' &&
  (process.env.CASTRA_TEST_WORKBENCH_OBSTACLE ?? 'CASTRA_TEST_WORKBENCH is not set; use `npm test`');

export interface WorkbenchOptions {
  /** Folder of an extension to have as if installed; it must be absolute. */
  readonly extension?: string;
  /** Packed extensions that are installed before. */
  readonly vsix?: readonly string[];
  /** User settings besides those that keep the window quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Files of the workspace, by path below it. */
  readonly files?: Readonly<Record<string, string>>;
  /** Folders of a multi-root workspace, below the workspace's; without, the workspace is one folder. */
  readonly roots?: readonly string[];
  /** A window without a folder; `files` are written nevertheless. */
  readonly noFolder?: boolean;
  /** Whether the folder is asked about: see answerTrustDialog. Everything is trusted otherwise. */
  readonly trust?: boolean;
  /** Of the server, so of extension hosts and terminals as well. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Workbench {
  readonly page: Page;
  /** The folder of the workspace, as the extension sees it. */
  readonly workspace: string;
  /** Errors that the window wrote to its console. Those of this rig are left out. */
  readonly errors: readonly string[];
  readonly server: WorkbenchServer;
  /** Another window on the same workspace, with an extension host of its own. */
  openWindow(): Promise<Page>;
}

/** What the window is asked for besides its workspace. https://github.com/microsoft/vscode, browser/workbench.ts */
export type Payload = readonly (readonly [string, string])[];

/** Opens a window and waits until it is ready. All of it is gone after the test, however that ends. */
export async function openWorkbench(t: TestContext, options: WorkbenchOptions = {}): Promise<Workbench> {
  const opened = await openPage(t, options);
  await waitUntilReady(opened.page);
  return opened;
}

/** What else tests that run in the extension host need of a page. */
export interface Development {
  readonly payload: (origin: string) => Payload;
  /** May add to the page before it is loaded. */
  readonly prepare: (page: Page) => Promise<void>;
}

/** Without waiting for it. With `development` the extension is named by its payload instead. */
export async function openPage(
  t: TestContext,
  options: WorkbenchOptions,
  development?: Development,
): Promise<Workbench> {
  const ends: (() => Promise<unknown>)[] = [];
  // In one hook: those of node:test run in the order in which they were added.
  t.after(async () => {
    const failures: unknown[] = [];
    for (const end of ends.reverse()) await end().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  });
  // Short, as VS Code's sockets are below it.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wb-')));
  ends.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  const workspace = writeWorkspace(join(folder, 'w'), options);
  const server = await startServer({
    rigFolder,
    folder,
    settings: { 'security.workspace.trust.enabled': options.trust ?? false, ...options.settings },
    extensions: options.extension === undefined ? [] : [options.extension],
    vsix: options.vsix ?? [],
    development: development !== undefined,
    env: options.env ?? {},
  });
  ends.push(() => server.end());
  const browser = await launchChromium(rigFolder, workbenchEnvironment(folder, {}));
  ends.push(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const errors: string[] = [];
  const page = await newPage(context, errors);
  // Leaving the window is how extensions are deactivated; a browser that is closed leaves them waiting for it.
  ends.push(() => page.goto('about:blank').then(() => server.hostsEnded()));
  await development?.prepare(page);
  const origin = `vscode-remote://127.0.0.1:${server.port}`;
  const url = `http://127.0.0.1:${server.port}/?${query(workspace, options, development?.payload(origin) ?? [])}`;
  await page.goto(url);
  const openWindow = async () => {
    const other = await newPage(context, errors);
    ends.push(() => other.goto('about:blank'));
    await other.goto(url);
    await waitUntilReady(other);
    return other;
  };
  return { page, workspace, errors, server, openWindow };
}

function writeWorkspace(folder: string, options: WorkbenchOptions): string {
  for (const root of options.roots ?? ['.']) mkdirSync(join(folder, root), { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  if (options.roots !== undefined) {
    const folders = options.roots.map((path) => ({ path }));
    writeFileSync(join(folder, WORKSPACE_FILE), JSON.stringify({ folders }));
  }
  return folder;
}

const WORKSPACE_FILE = 'test.code-workspace';

function query(workspace: string, options: WorkbenchOptions, more: Payload): URLSearchParams {
  const payload = JSON.stringify([['skipWelcome', 'true'], ...more]);
  const place: Record<string, string> =
    options.roots === undefined ? { folder: workspace } : { workspace: join(workspace, WORKSPACE_FILE) };
  if (options.noFolder) return new URLSearchParams({ ew: 'true', payload });
  return new URLSearchParams({ ...place, payload });
}

async function newPage(context: BrowserContext, errors: string[]): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.on('console', (message) => {
    if (message.type() === 'error' && !isOfRig(message)) errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('crash', () => errors.push('The page has crashed.'));
  return page;
}

/** Of VS Code, not of an extension: files that the npm package does not have, what a reload says, other extensions. */
const RIG_ERRORS = [
  /\[lifecycle\] Long running operations/,
  /Failed to load resource: .* 404/,
  /A bad HTTP response code \(404\)/,
  /Service ?Worker/i,
  /Unable to read file .*\(Canceled: Canceled\)/,
  /vscode\.typescript-language-features/,
];

function isOfRig(message: ConsoleMessage): boolean {
  return RIG_ERRORS.some((pattern) => pattern.test(message.text()));
}
