// `npm test`: everything CI checks, from a fresh clone.
//
//   node scripts/test.mjs [PART...]     only test files whose path contains one of these
//
// Setup, build, types, lint, the test guest, then every *.test.ts. Exits with the first failure's code.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDebianGuest, buildGuest, root, runNode, runScript, SetupError, say, setup } from './setup.mjs';
import { prepareWorkbench, wantedKinds } from './workbench.mjs';

/** For a single test and for a whole file: a file that hangs is ended and counts as failed. */
const TIMEOUT_MS = 5 * 60 * 1000;
/** For tests that boot a whole Debian several times; without KVM each boot takes a minute. */
const SLOW_TIMEOUT_MS = 20 * 60 * 1000;
/** For all of it; only a broken runner gets here. */
const GIVE_UP_MS = 30 * 60 * 1000;
/** Each file may run a VM, which under TCG fills one core. */
const MAX_CONCURRENCY = 4;

await runScript(async () => {
  setup();
  step('build', 'esbuild.mjs', '--tests');
  step('type check', 'node_modules/typescript/bin/tsc', '-p', '.');
  step('lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '.');
  const parts = process.argv.slice(2);
  const files = findTests(parts);
  const guests = { ...guestEnvironment(), ...debianEnvironment(parts, files) };
  return await runTests(files, guests, await prepareWorkbenches(files));
});

function guestEnvironment() {
  const guest = buildGuest();
  return guest === undefined ? {} : { CASTRA_TEST_GUEST: guest };
}

/** Only where they are asked for: building takes minutes the first time, and booting does each time. */
function debianEnvironment(parts, files) {
  if (!files.some(needsDebian)) return {};
  const asked = process.env.CASTRA_DEBIAN === '1' || parts.some((part) => part.includes('debian'));
  if (!asked) {
    const reason = '`npm test -- debian` or CASTRA_DEBIAN=1 asks for it';
    say(`no Debian guest is booted: ${reason}.`);
    return { CASTRA_TEST_DEBIAN_OBSTACLE: reason };
  }
  const made = buildDebianGuest();
  if ('image' in made) return { CASTRA_TEST_DEBIAN: made.image };
  say(`the Debian guest cannot be had here: ${made.reason}. What boots it is skipped.`);
  return { CASTRA_TEST_DEBIAN_OBSTACLE: made.reason };
}

function needsDebian(file) {
  return file.endsWith('/debian.test.js');
}

/** One for each workbench to test with. Only for tests that look at a window, which are in a folder of their own. */
async function prepareWorkbenches(files) {
  const workbenches = [];
  for (const kind of files.some(needsWorkbench) ? wantedKinds() : []) {
    const made = await prepareWorkbench(kind);
    if ('reason' in made) {
      say(`the ${kind} VS Code workbench cannot be had here: ${made.reason} Whatever opens a window is skipped.`);
      workbenches.push({ kind, env: { CASTRA_TEST_WORKBENCH_OBSTACLE: made.reason } });
    } else workbenches.push({ kind, env: { CASTRA_TEST_WORKBENCH: made.folder } });
  }
  return workbenches;
}

function needsWorkbench(file) {
  return file.startsWith(join('.cache/tests/test/workbench', '/'));
}

function step(title, script, ...args) {
  say(title);
  if (runNode(script, ...args) !== 0) throw new SetupError(`castra: ${title} failed.`);
}

function findTests(parts) {
  const names = readdirSync(join(root, '.cache/tests'), { recursive: true, encoding: 'utf8' });
  const tests = names.filter((name) => name.endsWith('.test.js')).sort();
  const chosen = tests.filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new SetupError(`No test file matches ${parts.join(', ') || '*.test.ts'}.`);
  return chosen.map((name) => join('.cache/tests', name));
}

/** One temporary folder is home and TMPDIR of all tests; what runs or lies there afterwards is theirs, and goes. */
async function runTests(files, guest, workbenches) {
  const folder = mkdtempSync(join(tmpdir(), 'ct-'));
  const home = join(folder, 'home');
  mkdirSync(home, { mode: 0o700 });
  const { CASTRA_QEMU, CASTRA_TEST_GUEST, NODE_OPTIONS, FORCE_COLOR, ...host } = process.env;
  const { CASTRA_TEST_WORKBENCH, CASTRA_TEST_WORKBENCH_OBSTACLE, CASTRA_TEST_DEBIAN, ...inherited } = host;
  const env = {
    ...inherited,
    TMPDIR: folder,
    CASTRA_HOME: home,
    CASTRA_ACCELERATOR: 'tcg',
    ...guest,
  };
  try {
    const windows = files.filter(needsWorkbench);
    const slow = files.filter(needsDebian);
    const others = files.filter((file) => !needsWorkbench(file) && !needsDebian(file));
    let code = others.length === 0 ? 0 : await runNodeTest(others, env, MAX_CONCURRENCY);
    if (slow.length > 0) code = (await runNodeTest(slow, env, 1, SLOW_TIMEOUT_MS)) || code;
    for (const workbench of workbenches) {
      say(`tests in the ${workbench.kind} VS Code workbench`);
      // One after the other, and when no VM wants the processor: a window needs more than one core while it starts.
      code = (await runNodeTest(windows, { ...env, ...workbench.env }, 1)) || code;
    }
    return code;
  } finally {
    endLeftovers(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function runNodeTest(files, env, maxConcurrency, timeoutMs = TIMEOUT_MS) {
  const concurrency = Math.min(maxConcurrency, availableParallelism());
  const options = [
    '--test',
    '--enable-source-maps',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${timeoutMs}`,
    // Node 20 would write TAP when its output is not a terminal.
    '--test-reporter=spec',
  ];
  const child = spawn(process.execPath, [...options, ...files], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const giveUp = setTimeout(() => {
    say(`the tests did not end within ${GIVE_UP_MS / 60_000} minutes`);
    child.kill('SIGKILL');
  }, GIVE_UP_MS);
  // A terminal sends Ctrl-C to the child as well; others send SIGTERM only to us.
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code) => {
      clearTimeout(giveUp);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, forward);
      done(code ?? 1);
    });
  });
}

/**
 * Tests end what they start; a file that was killed could not. Its QEMU has the folder on its command line. What comes
 * from a VS Code server has not, but inherits a TMPDIR in the folder.
 */
function endLeftovers(folder) {
  if (!existsSync('/proc/self/cmdline')) return;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const isOurs =
        command.includes(`${folder}/`) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${folder}`);
      if (!isOurs) continue;
      process.kill(Number(pid), 'SIGKILL');
      say(`a test left this running, ended it: ${command.replaceAll('\0', ' ').slice(0, 120)}`);
    } catch {
      // It has ended meanwhile, or is not ours to read.
    }
  }
}
