// `npm run demo`: two real VMs from examples/demo, started, looked into and stopped, in under a minute.
//
// Works in a temporary folder with a CASTRA_HOME of its own, and removes both, whatever happens.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGuest, root, runNode, runScript, SetupError, setup } from './setup.mjs';

const CLI = join(root, 'dist/cli.js');
/** Of one command; `up` itself gives up earlier. */
const COMMAND_TIMEOUT_MS = 300_000;
/** Whether there is a network at all is known at once; a server that is asleep is not worth more. */
const MIRROR_TIMEOUT_MS = 3000;

const folder = mkdtempSync(join(tmpdir(), 'castra-demo-'));
const project = join(folder, 'demo');
const env = { ...process.env, CASTRA_HOME: join(folder, 'home') };
let interrupted = false;
let upWasRun = false;
let current;
let mirror;

// A terminal sends Ctrl-C to the running command too; castra takes back what it had begun and exits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    if (signal !== 'SIGINT') current?.kill('SIGTERM');
  });
}

await runScript(async () => {
  try {
    setup();
    if (runNode('esbuild.mjs') !== 0) throw new SetupError('The build failed.');
    const guest = buildGuest();
    if (guest === undefined) throw new SetupError('The demo boots the test guest, so it cannot run on this system.');
    stopIfInterrupted();
    await prepareProject(guest);
    await show();
    return 0;
  } catch (error) {
    if (!interrupted) throw error;
    console.error('Interrupted.');
    return 130;
  } finally {
    await cleanUp();
  }
});

/** A copy of examples/demo. It starts from the default Alpine image when that can be had here. */
async function prepareProject(guest) {
  cpSync(join(root, 'examples/demo'), project, { recursive: true });
  const cached = await findAlpine();
  if (cached !== undefined) {
    console.log(`\nThe VMs run the default Alpine Linux image (${cached}).`);
    return;
  }
  const mirror = await serve(guest);
  const file = join(project, 'castra.toml');
  const image = `base_image = "${mirror.url}"\nbase_image_sha256 = "${mirror.sha256}"\nssh_user = "alpine"\n`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('cpus = 1\n', `${image}cpus = 1\n`));
  console.log(`
The default Alpine Linux image cannot be downloaded here: its server cannot be reached. So the VMs run the
guest that this checkout builds itself. It comes from a mirror on this host, with its digest: like Alpine's,
it is downloaded, verified and cached.`);
}

/** Asks Castra itself; it looks into the demo's own cache first, and gives up soon when there is no network. */
async function findAlpine() {
  if (process.env.CASTRA_DEMO_IMAGE === 'local') return undefined;
  const server = process.env.CASTRA_ALPINE_MIRROR ?? 'https://dl-cdn.alpinelinux.org/alpine';
  try {
    const reply = await fetch(`${server}/`, { method: 'HEAD', signal: AbortSignal.timeout(MIRROR_TIMEOUT_MS) });
    return reply.status < 500 ? server : undefined;
  } catch {
    return undefined;
  }
}

/** One file over HTTP on this host, for as long as the demo runs. */
async function serve(path) {
  const image = readFileSync(path);
  mirror = createServer((_request, response) => {
    response.setHeader('Content-Length', image.length);
    response.end(image);
  });
  await new Promise((done) => mirror.listen(0, '127.0.0.1', done));
  const sha256 = createHash('sha256').update(image).digest('hex');
  return { url: `http://127.0.0.1:${mirror.address().port}/castra-test.qcow2`, sha256 };
}

async function show() {
  await castra('validate');
  upWasRun = true;
  await castra('up');
  await castra('status');
  await castra('exec', 'web', '--', 'hostname; uname -r; uptime');
  await castra('ports', '--active');
  for (const { vm, host } of await readPorts()) {
    console.log(`\n# the forwarded port of ${vm}: GET http://127.0.0.1:${host}/`);
    console.log((await fetchText(`http://127.0.0.1:${host}/`)).trim());
  }
  await castra('cp', 'web-0:/etc/hostname', 'copied');
  await castra('logs', 'web-1', '--source', 'serial', '--tail', '3');
  await castra('images');
  await castra('down');
  upWasRun = false;
  await castra('status');
  console.log(`
What you saw: examples/demo/castra.toml declares one role with two VMs. \`up\` downloaded and verified their
image once, gave each a throw-away disk over it and a name of its own, started QEMU, and returned when the SSH
servers of the guests answered. \`exec\` logged in with a key that Castra made, and checked the guests' host keys,
which it made too. HTTP went through the forwarded ports. \`down\` pressed the power buttons, waited for the guests
to switch themselves off, and discarded the disks. The image itself was never written.`);
}

/** One command of castra; its output is shown. */
async function castra(...args) {
  console.log(`\n$ castra ${args.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`);
  const code = await spawnAndWait(process.execPath, [CLI, ...args]);
  stopIfInterrupted();
  if (code === 0) return;
  const hint = args[0] === 'up' ? ' The demo needs 2 processors and about 1.1 GiB of available memory.' : '';
  throw new SetupError(`\`castra ${args[0]}\` exited with ${code}; it says why above.${hint}`);
}

function spawnAndWait(program, args, options = {}) {
  return new Promise((done, fail) => {
    const stdio = ['ignore', 'inherit', 'inherit'];
    current = spawn(program, args, { cwd: project, env, stdio, timeout: COMMAND_TIMEOUT_MS, ...options });
    current.once('error', fail);
    current.once('exit', (code, signal) => {
      current = undefined;
      done(code ?? signal);
    });
  });
}

/** The forwards to port 80, as the last line of `castra ports --json` has them. */
async function readPorts() {
  const result = spawnSync(process.execPath, [CLI, 'ports', '--json'], { cwd: project, env, encoding: 'utf8' });
  const last = JSON.parse(result.stdout.trim().split('\n').at(-1));
  if (last.type !== 'command.completed') throw new SetupError(`castra ports --json: ${last.message}`);
  return last.outcome.ports.filter(({ guest }) => guest === 80);
}

/** sshd is up before the guest's own commands have run, so the web server may need some seconds more. */
async function fetchText(url) {
  const end = Date.now() + 20_000;
  for (;;) {
    stopIfInterrupted();
    try {
      return await (await fetch(url, { signal: AbortSignal.timeout(2000) })).text();
    } catch (error) {
      if (Date.now() > end) throw new SetupError(`${url} does not answer: ${error.message}`);
      await new Promise((done) => setTimeout(done, 250));
    }
  }
}

function stopIfInterrupted() {
  if (interrupted) throw new Error('Interrupted.');
}

/** In a process group of its own, so that another Ctrl-C does not reach it. */
async function cleanUp() {
  if (upWasRun) {
    console.log('\n$ castra down --graceful-wait-secs 5');
    await spawnAndWait(process.execPath, [CLI, 'down', '--graceful-wait-secs', '5'], { detached: true });
  }
  mirror?.close();
  mirror?.closeAllConnections();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
