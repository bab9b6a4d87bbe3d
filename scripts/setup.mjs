// Makes a checkout ready to build, test and run: Node's version, npm packages, programs of the host.
//
//   node scripts/setup.mjs      says nothing when all is there
//
// Uses nothing but Node, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, lstatSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const REQUIRED_NODE = [20, 19];
const GUEST_PACKAGES = 'test/guest/packages';

/** By Debian package: what of it must be there, and its name elsewhere. Needed wherever VMs run. */
const hostPrograms = {
  'qemu-system-x86': {
    programs: ['qemu-system-x86_64'],
    dnf: 'qemu-system-x86-core',
    pacman: 'qemu-system-x86',
    brew: 'qemu',
  },
  'qemu-utils': { programs: ['qemu-img'], dnf: 'qemu-img', pacman: 'qemu-img', brew: 'qemu' },
  'openssh-client': {
    programs: ['ssh', 'ssh-keygen'],
    dnf: 'openssh-clients',
    pacman: 'openssh',
    brew: 'openssh',
  },
  mtools: { programs: ['mformat', 'mcopy'], dnf: 'mtools', pacman: 'mtools', brew: 'mtools' },
  ...(process.platform === 'linux'
    ? { 'util-linux': { programs: ['flock'], dnf: 'util-linux', pacman: 'util-linux', brew: 'util-linux' } }
    : {}),
};

/** Of the packages that only the test guest needs; one that is not here is asked of dpkg. */
const guestPrograms = {
  apt: ['apt-get', 'apt-cache'],
  binutils: ['objcopy'],
  cpio: ['cpio'],
  dpkg: ['dpkg-deb', 'dpkg-query'],
  e2fsprogs: ['mke2fs', 'debugfs'],
  kmod: ['depmod', 'modprobe'],
  syslinux: ['syslinux', '/usr/lib/SYSLINUX/mbr.bin'],
  xorriso: ['xorriso'],
};

/** Of packages that only tests of Castra itself start, on Debian; elsewhere those tests say why they are skipped. */
const testPrograms = { 'openssh-server': ['sshd'] };

/** A failure that its message explains; no stack is of use. */
export class SetupError extends Error {}

/** Runs `main` of a script; a SetupError becomes one message and exit code 1. */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

// ---- Node and npm ------------------------------------------------------------------------

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = REQUIRED_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new SetupError(
    `Castra needs Node ${REQUIRED_NODE.join('.')} or newer; this is ${process.versions.node} (${process.execPath}).`,
  );
}

/** Contents are compared, not times: a checkout makes package-lock.json new without changing it. */
export function hasNodeModules() {
  const installed = readPackages('node_modules/.package-lock.json');
  if (installed === undefined) return false;
  const { '': self, ...wanted } = readPackages('package-lock.json') ?? {};
  if (self === undefined) throw new SetupError('package-lock.json is missing or not readable.');
  const isSame = (path) =>
    installed[path]?.version === wanted[path]?.version && installed[path]?.integrity === wanted[path]?.integrity;
  // npm leaves out what is for other platforms.
  const isLeftOut = (path) => wanted[path].optional === true && installed[path] === undefined;
  return (
    Object.keys(installed).every((path) => isSame(path)) &&
    Object.keys(wanted).every((path) => isLeftOut(path) || isSame(path))
  );
}

export function installNodeModules() {
  if (hasNodeModules()) return;
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new SetupError('node_modules is a link to packages that do not fit package-lock.json: run `npm ci` there.');
  }
  // No package needs its install script: esbuild's only saves a process, ssh2's builds an optional accelerator.
  say('npm ci');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new SetupError('`npm ci` failed; its messages are above.');
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

// ---- programs of the host ----------------------------------------------------------------

/** Also looks where Debian keeps programs of administrators, which are not on everybody's PATH. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const candidates = name.startsWith('/') ? [name] : folders.map((folder) => join(folder, name));
  const wanted = name.startsWith('/') ? constants.R_OK : constants.X_OK;
  return candidates.find((path) => {
    try {
      accessSync(path, wanted);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why the test guest cannot be built on this host; undefined when it can. */
export function guestObstacle() {
  if (process.platform !== 'linux') return `it is made from Debian packages, and this is ${process.platform}`;
  if (process.arch !== 'x64') return `its boot loader's installer is for amd64, and this host is ${process.arch}`;
  if (!findProgram('apt-get') || !findProgram('dpkg-deb')) return 'it is made from Debian packages, and apt is missing';
  if (osRelease().ID === 'debian') return undefined;
  const kernel = spawnSync('apt-cache', ['show', '--no-all-versions', 'linux-image-cloud-amd64'], { stdio: 'ignore' });
  return kernel.status === 0 ? undefined : `${osRelease().PRETTY_NAME ?? 'this system'} has no linux-image-cloud-amd64`;
}

export function canBuildGuest() {
  return guestObstacle() === undefined;
}

/** Debian names of the packages that are not there. */
export function missingPackages() {
  const host = Object.entries(hostPrograms).filter(([, { programs }]) => !programs.every(findProgram));
  const missing = host.map(([name]) => name);
  if (!canBuildGuest()) return missing;
  const guest = guestPackages().filter((name) => !(name in hostPrograms) && !isInstalled(name));
  const tests = Object.entries(testPrograms).filter(([, programs]) => !programs.every(findProgram));
  return [...missing, ...guest, ...tests.map(([name]) => name)];
}

function guestPackages() {
  const lines = readFileSync(join(root, GUEST_PACKAGES), 'utf8').split('\n');
  return lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
}

function isInstalled(name) {
  const programs = guestPrograms[name];
  return programs ? programs.every(findProgram) : spawnSync('dpkg', ['-s', name], { stdio: 'ignore' }).status === 0;
}

export function installPackages() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  if (!findProgram('apt-get') || process.getuid?.() !== 0) {
    throw new SetupError(`Missing: ${missing.join(', ')}. Install with:\n\n  ${installCommand(missing)}\n`);
  }
  say(`apt-get install ${missing.join(' ')}`);
  aptGet('update');
  aptGet('install', '--yes', '--no-install-recommends', ...missing);
  const still = missingPackages();
  if (still.length > 0) throw new SetupError(`Installed, but still not usable: ${still.join(', ')}.`);
}

/** The one command for this system. */
function installCommand(packages) {
  if (findProgram('apt-get')) {
    return `sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
  }
  const named = (manager) => [...new Set(packages.map((name) => hostPrograms[name]?.[manager] ?? name))].join(' ');
  if (findProgram('dnf')) return `sudo dnf install ${named('dnf')}`;
  if (findProgram('pacman')) return `sudo pacman -S --needed ${named('pacman')}`;
  if (process.platform === 'darwin' || findProgram('brew')) return `brew install ${named('brew')}`;
  return `(your system's package manager) ${packages.join(' ')}`;
}

export function aptGet(...args) {
  // In run level 1 no package starts its daemon (invoke-rc.d): tests start their own sshd, on a loopback port.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { status } = spawnSync('apt-get', ['-q', ...args], { env, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new SetupError(`apt-get ${args[0]} failed; its messages are above.`);
}

function osRelease() {
  try {
    const lines = readFileSync('/etc/os-release', 'utf8').split('\n');
    return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).map((part) => part.replace(/^"|"$/g, ''))));
  } catch {
    return {};
  }
}

// ---- steps that other scripts share ------------------------------------------------------

export function setup() {
  checkNode();
  installPackages();
  installNodeModules();
}

/** Runs a Node script of this checkout to its end; its output is shown. */
export function runNode(script, ...args) {
  return spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
}

/** Builds the test guest if needed. Returns the path of its image, or undefined after saying why there is none. */
export function buildGuest() {
  const obstacle = guestObstacle();
  if (obstacle !== undefined) {
    say(`the test guest cannot be built here: ${obstacle}. Whatever boots it does not run.`);
    return undefined;
  }
  const build = () =>
    spawnSync(join(root, 'test/guest/build'), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  let result = build();
  // Package lists that are missing or out of date are the usual reason, and root can renew them.
  if (result.status !== 0 && process.getuid?.() === 0) {
    aptGet('update');
    result = build();
  }
  const image = result.stdout?.trim().split('\n').at(-1) ?? '';
  if (result.status !== 0 || !existsSync(image)) {
    throw new SetupError('The test guest could not be built; the messages above say why.');
  }
  return image;
}

/**
 * Builds the guest with systemd, OpenSSH and cloud-init if needed. Returns `{ image }`, or `{ reason }` why there is
 * none: the tests of everything else must not fail for it.
 */
export function buildDebianGuest() {
  const obstacle = guestObstacle();
  if (obstacle !== undefined) return { reason: obstacle };
  const isRoot = process.getuid?.() === 0;
  if (!findProgram('mmdebstrap')) {
    if (!isRoot) return { reason: 'mmdebstrap is missing, and only root can install it' };
    try {
      aptGet('install', '-y', '--no-install-recommends', 'mmdebstrap');
    } catch (error) {
      return { reason: `mmdebstrap cannot be installed (${error.message})` };
    }
  }
  const { status, stdout } = spawnSync(join(root, 'test/guest/debian/build'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const image = stdout?.trim().split('\n').at(-1) ?? '';
  if (status === 0 && existsSync(image)) return { image };
  return { reason: 'its build failed; the messages above say why' };
}

export function say(text) {
  console.error(`castra: ${text}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(setup);
