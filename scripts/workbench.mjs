// Makes the rig in which the VS Code extension is tested: the workbench and extension host of VS Code, served by
// code-server from npm, and a Chromium that shows it. VS Code's own download servers are not asked.
//
//   node scripts/workbench.mjs              prints the folder; does nothing when it is ready
//   node scripts/workbench.mjs --newest     the newest code-server, for Node 22 and later
//
// .cache/workbench/<processor>-<Node ABI>-<kind>-<digest of the versions>/ has code-server and playwright-core in its
// node_modules, a link `chromium`, and a file `ready` once all of it is there. A setup that was killed resumes with its
// first unfinished step.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptGet, checkNode, findProgram, root, runScript, SetupError, say } from './setup.mjs';

const CACHE = join(root, '.cache/workbench');
const VERSIONS = join(root, 'scripts/workbench');
/** Counts when the steps below change, so that what older ones made is not used. */
const RECIPE = 1;
/** code-server 4.100 (VS Code 1.100) is the last that runs with Node 20; it runs with later ones, too. */
const NEWEST_NEEDS_NODE = 22;

/** By Debian package: what of it must be there. One program of each list is enough. */
const PROGRAMS = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  'g++': ['g++'],
  make: ['make'],
  python3: ['python3'],
  // VS Code's own copy comes from GitHub while npm installs; findFiles and Go to File need one.
  ripgrep: ['rg'],
};

const SERVER = 'node_modules/code-server/lib/vscode';
const RIPGREP = 'node_modules/@vscode/ripgrep/bin/rg';

/** Logs, terminals and the end of orphaned hosts; the other native modules are not needed or have binaries on npm. */
const NATIVE = ['@vscode/spdlog', 'node-pty', 'native-watchdog', '@vscode/native-watchdog'];

/**
 * Which to test with: the pinned one, and where it runs the newest as well, unless CASTRA_WORKBENCH names one.
 * @returns {('pinned' | 'newest')[]}
 */
export function wantedKinds() {
  const chosen = process.env.CASTRA_WORKBENCH || undefined;
  if (chosen === undefined) return nodeMajor() < NEWEST_NEEDS_NODE ? ['pinned'] : ['pinned', 'newest'];
  if (chosen === 'pinned' || chosen === 'newest') return [chosen];
  throw new SetupError(`CASTRA_WORKBENCH is "${chosen}"; it can be "pinned" or "newest".`);
}

/**
 * The folder of the rig, made if needed. Where it cannot be had, `reason` says why, and what to do about it.
 * @param {'pinned' | 'newest'} [kind]
 * @returns {Promise<{ folder: string } | { reason: string }>}
 */
export async function prepareWorkbench(kind = 'pinned') {
  try {
    const wanted = kind === 'newest' ? newestVersions() : pinnedVersions();
    const folder = join(CACHE, wanted.name);
    if (!isReady(folder)) await make(folder, wanted);
    return { folder };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { reason: error.message };
  }
}

// ---- which one ---------------------------------------------------------------------------

function pinnedVersions() {
  const files = ['package.json', 'package-lock.json'].map((name) => readFileSync(join(VERSIONS, name)));
  return { ...folderOf('pinned', ...files), files: ['package.json', 'package-lock.json'] };
}

function newestVersions() {
  if (nodeMajor() < NEWEST_NEEDS_NODE) {
    throw new SetupError(`The newest code-server needs Node ${NEWEST_NEEDS_NODE}; this is ${process.versions.node}.`);
  }
  const { status, stdout } = spawnSync('npm', ['view', 'code-server', 'version'], { encoding: 'utf8' });
  if (status !== 0) return newestOfBefore();
  const { dependencies, ...manifest } = JSON.parse(readFileSync(join(VERSIONS, 'package.json'), 'utf8'));
  const text = JSON.stringify({ ...manifest, dependencies: { ...dependencies, 'code-server': stdout.trim() } });
  return { ...folderOf('newest', text), text };
}

/** Without a network, the newest is the one that is here. */
function newestOfBefore() {
  const prefix = prefixOf('newest');
  const names = existsSync(CACHE) ? readdirSync(CACHE) : [];
  const name = names.find((one) => one.startsWith(prefix) && isReady(join(CACHE, one)));
  if (name === undefined) throw new SetupError('npm did not report the newest version of code-server.');
  return { prefix, name };
}

function nodeMajor() {
  return Number(process.versions.node.split('.')[0]);
}

/** Of this processor and Node, as native modules are; a checkout may be tested with several. */
const prefixOf = (kind) => `${process.arch}-${process.versions.modules}-${kind}-`;

function folderOf(kind, ...contents) {
  const hash = createHash('sha256').update(String(RECIPE));
  for (const content of contents) hash.update(content);
  const prefix = prefixOf(kind);
  return { prefix, name: `${prefix}${hash.digest('hex').slice(0, 12)}` };
}

/** Also whether programs of the host that it links to are still there; `existsSync` follows links. */
function isReady(folder) {
  return [join(folder, 'ready'), join(folder, 'chromium'), join(folder, SERVER, RIPGREP)].every((path) =>
    existsSync(path),
  );
}

// ---- how it is made ----------------------------------------------------------------------

async function make(folder, wanted) {
  const nodeFolder = checkHost();
  const release = takeLock();
  try {
    if (isReady(folder)) return;
    say('setting up the VS Code workbench for tests, which takes a minute');
    mkdirSync(folder, { recursive: true });
    const server = join(folder, SERVER);
    await once(folder, 'packages', () => installPackages(folder, wanted, release.descriptor));
    await once(folder, 'server', () => installServer(server, release.descriptor));
    await once(folder, 'native', () => buildNative(folder, server, nodeFolder, release.descriptor));
    link(findChromium(), join(folder, 'chromium'));
    link(findProgram('rg'), join(server, RIPGREP));
    await tryNative(server);
    writeFileSync(join(folder, 'ready.new'), `${wanted.name}\n`);
    renameSync(join(folder, 'ready.new'), join(folder, 'ready'));
    removeOthers(wanted);
  } finally {
    release.free();
  }
}

/** A step leaves its mark when it is done; each begins by clearing what a killed one left. */
async function once(folder, name, step) {
  const mark = join(folder, `done-${name}`);
  if (existsSync(mark)) return;
  await step();
  writeFileSync(mark, '');
}

async function installPackages(folder, wanted, lock) {
  for (const name of wanted.files ?? []) copyFileSync(join(VERSIONS, name), join(folder, name));
  if (wanted.text !== undefined) writeFileSync(join(folder, 'package.json'), wanted.text);
  await run('npm', [wanted.text === undefined ? 'ci' : 'install', ...NPM_FLAGS], folder, lock);
}

/** Not `npm ci`: the npm-shrinkwrap.json that code-server ships does not name all of what it needs. */
function installServer(server, lock) {
  return run('npm', ['install', '--omit=dev', ...NPM_FLAGS], server, lock);
}

const NPM_FLAGS = ['--ignore-scripts', '--no-audit', '--no-fund'];

async function buildNative(folder, server, nodeFolder, lock) {
  const gyp = join(folder, 'node_modules/node-gyp/bin/node-gyp.js');
  await Promise.all(
    nativeModules(server).map((name) =>
      run(process.execPath, [gyp, 'rebuild', `--nodedir=${nodeFolder}`], join(server, 'node_modules', name), lock),
    ),
  );
}

/** Later versions have the watchdog under another name; without it their extension host does not start. */
function nativeModules(server) {
  return NATIVE.filter((name) => existsSync(join(server, 'node_modules', name)));
}

function link(program, path) {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(program, path);
}

/** Without them the server starts all the same, and is silent about what then does not work. */
function tryNative(server) {
  const code = `for (const name of ${JSON.stringify(nativeModules(server))}) require(name);`;
  return run(process.execPath, ['--input-type=commonjs', '--eval', code], server);
}

/** Those that this one replaces. */
function removeOthers({ prefix, name }) {
  for (const other of readdirSync(CACHE)) {
    if (other.startsWith(prefix) && other !== name) rmSync(join(CACHE, other), { recursive: true });
  }
}

/** The lock goes to the child as well: if only we are killed, the next setup waits for the npm that we left. */
function run(program, args, cwd, lock) {
  const stdio = ['ignore', 'pipe', 'pipe', ...(lock === undefined ? [] : [lock])];
  const child = spawn(program, args, { cwd, stdio });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((done, fail) => {
    child.once('error', (error) => fail(new SetupError(`${program} cannot be run: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) return done();
      const last = Buffer.concat(output).toString().trim().split('\n').slice(-12).join('\n  ');
      fail(new SetupError(`\`${[program, ...args].join(' ')}\` failed in ${cwd}:\n  ${last}`));
    });
  });
}

/** flock(1) takes the lock of the open file, which is ours as well; the kernel drops it with the last holder. */
function takeLock() {
  mkdirSync(CACHE, { recursive: true });
  const descriptor = openSync(join(CACHE, 'lock'), 'a');
  const flock = (...flags) =>
    spawnSync('flock', [...flags, '-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] }).status;
  if (flock('-n') !== 0) {
    say('waiting for another setup of the VS Code workbench');
    if (flock() !== 0) throw new SetupError(`${join(CACHE, 'lock')} cannot be locked with flock(1).`);
  }
  return { descriptor, free: () => closeSync(descriptor) };
}

// ---- what the host must have -------------------------------------------------------------

/** Returns the folder whose include/node has the headers of this Node. */
function checkHost() {
  if (process.platform !== 'linux') {
    throw new SetupError(`the rig is made for Linux, and this is ${process.platform}; use \`npm run test:electron\`.`);
  }
  const nodeFolder = findHeaders();
  if (nodeFolder === undefined) {
    throw new SetupError(
      `the headers of Node ${process.versions.node} are missing: install libnode-dev, or a Node that has its include folder.`,
    );
  }
  const missing = missingPackages();
  if (missing.length > 0) installMissing(missing);
  return nodeFolder;
}

/** Beside the program, where the archives of nodejs.org have them, or where Debian's libnode-dev puts them. */
function findHeaders() {
  const folders = [dirname(dirname(realpathSync(process.execPath))), '/usr'];
  return folders.find((folder) => {
    try {
      const text = readFileSync(join(folder, 'include/node/node_version.h'), 'utf8');
      return new RegExp(`define NODE_MODULE_VERSION ${process.versions.modules}\\b`).test(text);
    } catch {
      return false;
    }
  });
}

function missingPackages() {
  return Object.entries(PROGRAMS)
    .filter(([, names]) => !names.some(findProgram))
    .map(([name]) => name);
}

function installMissing(missing) {
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!findProgram('apt-get') || process.getuid?.() !== 0) {
    throw new SetupError(`missing: ${missing.join(', ')}. On Debian: sudo ${command}`);
  }
  say(command);
  aptGet('update');
  aptGet('install', '--yes', '--no-install-recommends', ...missing);
  const still = missingPackages();
  if (still.length > 0) throw new SetupError(`installed, but still not usable: ${still.join(', ')}.`);
}

function findChromium() {
  return PROGRAMS.chromium.map(findProgram).find((path) => path !== undefined);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    checkNode();
    const result = await prepareWorkbench(process.argv.includes('--newest') ? 'newest' : 'pinned');
    if ('reason' in result) throw new SetupError(`castra: no VS Code workbench: ${result.reason}`);
    console.log(result.folder);
  });
}
