import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcesses, markOf, waitForHosts } from './processes.ts';

/** Of the start of the server, which listens after about a second. */
const START_TIMEOUT_MS = 60_000;

export interface ServerOptions {
  readonly rigFolder: string;
  /** Everything of this run is below it. Short: VS Code's sockets lie in it (microsoft/vscode#196543). */
  readonly folder: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Folders of extensions that are there as if installed. */
  readonly extensions: readonly string[];
  /** VSIX files to install before the start. */
  readonly vsix: readonly string[];
  /** Whether the page may name an extension and tests to run in its host. */
  readonly development: boolean;
  readonly env: NodeJS.ProcessEnv;
}

export interface WorkbenchServer {
  readonly port: number;
  /** What it printed. */
  output(): string;
  /** Resolves when the extension hosts of windows that were left have ended, or ought to have. */
  hostsEnded(): Promise<void>;
  /** Ends the server, its extension hosts and terminals, and whatever these started and left. */
  end(): Promise<void>;
}

/** Settings without which windows come up with dialogs, ask the network, or draw terminals where no text can be read. */
const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  // Newer releases put their own editors, such as that of trust, above the window.
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.settings.enableNaturalLanguageSearch': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.openRepositoryInParentFolders': 'never',
  'terminal.integrated.gpuAcceleration': 'off',
  'security.workspace.trust.enabled': false,
  // Newer releases ask only who wants to be asked.
  'security.workspace.trust.startupPrompt': 'once',
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

/** An empty gallery keeps the server from asking open-vsx.org. */
const NO_GALLERY = JSON.stringify({ serviceUrl: '', itemUrl: '' });

interface ServerFolders {
  readonly args: readonly string[];
  readonly settings: readonly string[];
  readonly extensions: string;
}

function serverFolders(folder: string): ServerFolders {
  const [data, extensions] = [join(folder, 'd'), join(folder, 'e')];
  const args = ['--server-data-dir', data, '--user-data-dir', data, '--extensions-dir', extensions];
  // Newer releases read what is the machine's, such as paths of programs, only from the latter.
  return { args, settings: [join(data, 'User'), join(data, 'Machine')], extensions };
}

function writeSettings(folders: readonly string[], settings: Readonly<Record<string, unknown>>): void {
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'settings.json'), JSON.stringify({ ...QUIET_SETTINGS, ...settings }, null, 2));
  }
}

/** TMPDIR and HOME are below `folder`: nothing of this host gets in, nothing stays, and it marks what is ours. */
export function workbenchEnvironment(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:VSCODE_|ELECTRON_|NODE_|XDG_)/.test(name));
  const places = { TMPDIR: join(folder, 't'), HOME: join(folder, 'h') };
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true, mode: 0o700 });
  return { ...Object.fromEntries(inherited), SHELL: '/bin/bash', EXTENSIONS_GALLERY: NO_GALLERY, ...places, ...env };
}

export async function startServer(options: ServerOptions): Promise<WorkbenchServer> {
  const { folder } = options;
  const env = workbenchEnvironment(folder, options.env);
  const { args, settings, extensions } = serverFolders(folder);
  writeSettings(settings, options.settings);
  linkExtensions(extensions, options.extensions);
  const server = join(options.rigFolder, 'node_modules/code-server/lib/vscode');
  const always = [join(server, 'out/server-main.js'), '--accept-server-license-terms', '--disable-telemetry', ...args];
  for (const path of options.vsix) installVsix(always, path, env);
  const listening = dyingWithUs([...always, ...LISTEN, ...(options.development ? development(server) : [])]);
  const child = spawn(...listening, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const mark = markOf(env);
  const end = () => endProcesses(mark);
  const output = collect(child);
  try {
    return { port: await waitForPort(child, output), output, hostsEnded: () => waitForHosts(mark), end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Port 0: the kernel chooses a free one, and the server prints it. */
const LISTEN = ['--host', '127.0.0.1', '--port', '0', '--without-connection-token'];

/**
 * Releases after 1.100 take `extensionDevelopmentPath` and `extensionTestsPath` of an address only from a smoke test
 * (`!isBuilt || enableSmokeTestDriver` in browser/environmentService.ts). 1.100 would answer dialogs by itself with it.
 */
function development(server: string): string[] {
  const { version }: { version: string } = JSON.parse(readFileSync(join(server, 'package.json'), 'utf8'));
  return version.startsWith('1.100.') ? [] : ['--enable-smoke-test-driver'];
}

/** A server that starts with a new folder takes what lies there for installed. */
function linkExtensions(folder: string, extensions: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const path of extensions) {
    const manifest: Record<'publisher' | 'name' | 'version', string> = JSON.parse(
      readFileSync(join(path, 'package.json'), 'utf8'),
    );
    symlinkSync(path, join(folder, `${manifest.publisher}.${manifest.name}-${manifest.version}`));
  }
}

/** A test that is killed cannot end its server, so the kernel does: prctl(PR_SET_PDEATHSIG). */
function dyingWithUs(args: readonly string[]): [string, string[]] {
  const hasSetpriv = spawnSync('setpriv', ['--version'], { stdio: 'ignore' }).status === 0;
  return hasSetpriv ? ['setpriv', ['--pdeathsig', 'KILL', process.execPath, ...args]] : [process.execPath, [...args]];
}

function installVsix(always: readonly string[], path: string, env: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...always, '--install-extension', path], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${path} could not be installed:\n${stdout}${stderr}`);
}

function collect(child: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk) => chunks.push(chunk));
  child.stderr?.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

function waitForPort(child: ChildProcess, output: () => string): Promise<number> {
  return new Promise((done, fail) => {
    const giveUp = (why: string) => {
      clearTimeout(timer);
      fail(new Error(`VS Code's server ${why}:\n${output()}`));
    };
    const timer = setTimeout(giveUp, START_TIMEOUT_MS, 'did not listen in time');
    child.once('error', (error) => giveUp(`cannot be run (${error.message})`));
    child.once('exit', (code) => giveUp(`ended with ${code}`));
    child.stdout?.on('data', () => {
      const port = /Extension host agent listening on (\d+)/.exec(output())?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      done(Number(port));
    });
  });
}
