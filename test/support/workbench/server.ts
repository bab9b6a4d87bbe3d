import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcesses, markOf, waitForHosts } from './processes.ts';

/** Of the start of the server, which listens after about a second. */
const START_TIMEOUT_MS = 60_000;

export interface ServerOptions {
  readonly rigFolder: string;
  /** Everything of this run is below it. Short: VS Code's sockets lie in it (microsoft/vscode#196543). */
  readonly folder: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** VSIX files to install before the start. */
  readonly vsix: readonly string[];
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
  'chat.commandCenter.enabled': false,
};

/** An empty gallery keeps the server from asking open-vsx.org. */
const NO_GALLERY = JSON.stringify({ serviceUrl: '', itemUrl: '' });

function serverFolders(folder: string): { args: string[]; user: string } {
  const data = join(folder, 'd');
  const args = ['--server-data-dir', data, '--user-data-dir', data, '--extensions-dir', join(folder, 'e')];
  return { args, user: join(data, 'User') };
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
  const { args, user } = serverFolders(folder);
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, 'settings.json'), JSON.stringify({ ...QUIET_SETTINGS, ...options.settings }, null, 2));
  const main = join(options.rigFolder, 'node_modules/code-server/lib/vscode/out/server-main.js');
  const always = [main, '--accept-server-license-terms', '--disable-telemetry', ...args];
  for (const path of options.vsix) installVsix(always, path, env);
  const child = spawn(...dyingWithUs([...always, ...LISTEN]), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
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
