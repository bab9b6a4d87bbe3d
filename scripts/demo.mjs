// `npm run demo`: two real VMs from examples/demo, started, looked into and stopped, in under a minute.
//
// Works in a temporary folder with a CASTRA_HOME of its own, and removes both, whatever happens.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGuest, root, runNode, runScript, SetupError, setup } from './setup.mjs';

const CLI = join(root, 'dist/cli.js');
/** Of one command; `up` itself gives up earlier. */
const COMMAND_TIMEOUT_MS = 90_000;

const folder = mkdtempSync(join(tmpdir(), 'castra-demo-'));
const project = join(folder, 'demo');
const env = { ...process.env, CASTRA_HOME: join(folder, 'home') };
let interrupted = false;
let upWasRun = false;
let current;

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
    prepareProject(guest);
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

/** A copy of examples/demo, its image, and a seed disk: the guest takes its ssh key and first commands from it. */
function prepareProject(guest) {
  cpSync(join(root, 'examples/demo'), project, { recursive: true });
  mkdirSync(join(project, 'images'));
  symlinkSync(guest, join(project, 'images/castra-test.qcow2'));
  const key = join(folder, 'key');
  must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'castra-demo', '-f', key);
  const userData = {
    ssh_authorized_keys: [readFileSync(`${key}.pub`, 'utf8').trim()],
    runcmd: [
      'mkdir -p /www',
      'echo "Hello from a VM, kernel $(uname -r)" >/www/index.html', // the guest's shell fills it in
      'httpd -p 80 -h /www',
    ],
  };
  writeFileSync(join(folder, 'user-data'), `#cloud-config\n${JSON.stringify(userData)}\n`);
  writeFileSync(join(folder, 'meta-data'), 'instance-id: castra-demo\nlocal-hostname: castra-demo\n');
  const seed = join(folder, 'seed.img');
  must('mformat', '-C', '-i', seed, '-f', '1440', '-v', 'CIDATA', '::');
  must('mcopy', '-i', seed, join(folder, 'user-data'), join(folder, 'meta-data'), '::');
  const drive = `if=none,id=seed,format=raw,readonly=on,file=${seed.replaceAll(',', ',,')}`;
  const args = ['-drive', drive, '-device', 'virtio-blk-pci,drive=seed'];
  const file = join(project, 'castra.toml');
  const [before, after] = readFileSync(file, 'utf8').split('\n[[vms.port_forwards]]');
  // JSON's strings are TOML's basic strings.
  writeFileSync(file, `${before}qemu_args = ${JSON.stringify(args)} # added by the demo: the seed disk\n`);
  appendFileSync(file, `\n[[vms.port_forwards]]${after}`);
}

async function show() {
  await castra('validate');
  upWasRun = true;
  await castra('up');
  await castra('status');
  const vms = await readStatus();
  for (const vm of vms) {
    console.log(`\n# in ${vm.name}, over ssh with a throw-away key:`);
    await run('ssh', sshArguments(vm.sshPort, 'hostname; uname -r; uptime'));
  }
  for (const vm of vms) {
    const port = vm.forwards.find(({ guest }) => guest === 80).host;
    console.log(`\n# the forwarded port of ${vm.name}: GET http://127.0.0.1:${port}/`);
    console.log((await fetchText(`http://127.0.0.1:${port}/`)).trim());
  }
  await castra('down');
  upWasRun = false;
  await castra('status');
  console.log(`
What you saw: examples/demo/castra.toml declares one role with two VMs. \`up\` gave each a
throw-away disk over the same image, started QEMU, and returned when the SSH servers of the
guests answered. \`status\` read the ports in use; ssh and HTTP went through them. \`down\`
pressed the power buttons, waited for the guests to switch themselves off, and discarded the
disks. The image itself was never written.`);
}

/** One command of castra; its output is shown. */
async function castra(...args) {
  console.log(`\n$ castra ${args.join(' ')}`);
  const code = await spawnAndWait(process.execPath, [CLI, ...args]);
  stopIfInterrupted();
  if (code === 0) return;
  const hint = args[0] === 'up' ? ' The demo needs 2 processors and about 1.1 GiB of available memory.' : '';
  throw new SetupError(`\`castra ${args[0]}\` exited with ${code}; it says why above.${hint}`);
}

async function run(program, args) {
  console.log(`$ ${[program, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`);
  const code = await spawnAndWait(program, args);
  stopIfInterrupted();
  if (code !== 0) throw new SetupError(`${program} exited with ${code}.`);
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

/** The VMs as the last line of `castra status --json` has them. */
async function readStatus() {
  const result = spawnSync(process.execPath, [CLI, 'status', '--json'], { cwd: project, env, encoding: 'utf8' });
  const last = JSON.parse(result.stdout.trim().split('\n').at(-1));
  if (last.type !== 'command.completed') throw new SetupError(`castra status --json: ${last.message}`);
  return last.outcome.vms;
}

function sshArguments(port, command) {
  const options = ['IdentitiesOnly=yes', 'BatchMode=yes', 'ConnectTimeout=20', 'LogLevel=ERROR'];
  const trust = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
  const settings = [...trust, ...options].flatMap((option) => ['-o', option]);
  return ['-F', 'none', '-i', join(folder, 'key'), '-p', String(port), ...settings, 'root@127.0.0.1', command];
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

function must(program, ...args) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new SetupError(`${program} failed: ${error?.message ?? stderr.trim()}`);
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
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
