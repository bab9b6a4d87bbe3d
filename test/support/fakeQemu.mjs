#!/usr/bin/env node
// Stands in for qemu-system-x86_64 in tests: the command lines of runtime/vm/args.ts, QMP, a console log and SSH
// banners, without a guest. How it (mis)behaves comes from FAKE_QEMU: JSON, an object from VM name, or "*", to
//
//   exitAtStart: {code, stderr}   says so and ends before it opens anything
//   hang                          never opens its sockets
//   greetingDelayMs               takes QMP connections at once but answers none before that
//   pidfileDelayMs                how late the pidfile is written
//   bootDelayMs                   until the guest is up: serial text, network card, SSH banner, power button
//   serial                        what the guest prints on its console once it is up
//   noBanner                      no SSH server in the guest
//   noUsernet                     QEMU does not say what became of connections
//   deaf                          the guest answers no connection at all
//   servedElsewhere               its forwards are left to another program
//   bannerOnly                    its SSH server says who it is, and nothing else
//   banner                        what that one says
//   denies                        its SSH server does not take the project's key
//   status                        what query-status says instead of "running"
//   stopEventAfterMs              sends STOP then; query-status says `status`, or "paused"
//   exitAfterMs                   the guest powers itself off then
//   ignorePowerdown               the guest has no ACPI
//   powerdownAfterPresses         how many presses of the power button the guest needs
//   dieDuringShutdown             SIGKILLs itself at the power button
//   ignoreSigterm                 only SIGKILL helps
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

const VERSION = '7.2.22';
const POWERDOWN_MS = 20;

const answers = {
  '-version': `QEMU emulator version ${VERSION} (Fake)\nCopyright (c) 2003-2022 Fabrice Bellard and the QEMU Project developers\n`,
  '-help': `QEMU emulator version ${VERSION} (Fake)\nusage: qemu-system-x86_64 [options] [disk_image]\n-sandbox on[,obsolete=allow|deny][,elevateprivileges=allow|deny|children]\n`,
};

const argv = process.argv.slice(2);
const answer =
  argv[0] === '-accel' && argv[1] === 'help' ? 'Accelerators supported in QEMU binary:\ntcg\nkvm\n' : answers[argv[0]];
if (answer !== undefined) {
  process.stdout.write(answer);
  process.exit(0);
}

/** Commas split; doubled ones are literal. A first word without `=` gets the key ''. */
function parseOptions(text) {
  const parts = text.replaceAll(',,', '\0').split(',');
  return parts.map((part) => {
    const plain = part.replaceAll('\0', ',');
    const at = plain.indexOf('=');
    return at < 0 ? ['', plain] : [plain.slice(0, at), plain.slice(at + 1)];
  });
}

const machine = { name: '', uuid: '', pidfile: undefined, chardevs: new Map(), monitors: [], forwards: [] };
for (let at = 0; at < argv.length; at++) {
  const value = argv[at + 1] ?? '';
  if (argv[at] === '-name') machine.name = value;
  else if (argv[at] === '-uuid') machine.uuid = value;
  else if (argv[at] === '-pidfile') machine.pidfile = value;
  else if (argv[at] === '-chardev') {
    const options = Object.fromEntries(parseOptions(value));
    machine.chardevs.set(options.id, options);
  } else if (argv[at] === '-mon') {
    const options = Object.fromEntries(parseOptions(value));
    if (options.mode === 'control') machine.monitors.push(options.chardev);
  } else if (argv[at] === '-netdev') {
    for (const [key, rule] of parseOptions(value)) {
      const match = /^(tcp|udp):([\d.]*):(\d+)-[\d.]*:(\d+)$/.exec(rule);
      if (key !== 'hostfwd') continue;
      if (!match) fail(`Invalid host forwarding rule '${rule}'`);
      const [, protocol, bind, host, guest] = match;
      machine.forwards.push({ rule, netdev: value, protocol, bind, host: Number(host), guest: Number(guest) });
    }
  }
}

const behaviours = JSON.parse(process.env.FAKE_QEMU || '{}');
const behaviour = { ...behaviours['*'], ...behaviours[machine.name] };
const bootDelayMs = behaviour.bootDelayMs ?? 0;
let booted = false;
let presses = 0;
let sshServer;
/** Through the forwards, as `info usernet` lists them. */
const connections = new Set();
let status = behaviour.stopEventAfterMs === undefined ? (behaviour.status ?? 'running') : 'running';
/** Every connected and negotiated QMP client. */
const clients = new Set();
const sockets = [];
/** Who has the serial console. */
let attached;

function fail(message) {
  process.stderr.write(`qemu-system-x86_64: ${message}\n`);
  process.exit(1);
}

function cleanExit(code = 0) {
  for (const path of [machine.pidfile, ...sockets]) if (path) rmSync(path, { force: true });
  process.exit(code);
}

function send(socket, message) {
  socket.write(`${JSON.stringify(message)}\r\n`);
}

function emit(event, data) {
  const now = Date.now();
  const timestamp = { seconds: Math.floor(now / 1000), microseconds: (now % 1000) * 1000 };
  for (const socket of clients) send(socket, { timestamp, event, ...(data ? { data } : {}) });
}

function shutDown(reason) {
  emit('SHUTDOWN', { guest: reason !== 'host-qmp-quit', reason });
  setTimeout(cleanExit, 2);
}

/** ACPI. A press before the guest is up is lost, though QMP reports success. */
function pressPowerButton() {
  emit('POWERDOWN');
  if (behaviour.dieDuringShutdown) return setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5);
  if (!booted || behaviour.ignorePowerdown || status !== 'running') return;
  presses++;
  if (presses === (behaviour.powerdownAfterPresses ?? 1)) setTimeout(() => shutDown('guest-shutdown'), POWERDOWN_MS);
}

const commands = {
  qmp_capabilities: () => ({}),
  'query-status': () => ({ running: status === 'running', singlestep: false, status }),
  'query-uuid': () => ({ UUID: machine.uuid }),
  'query-name': () => ({ name: machine.name }),
  'query-chardev': () =>
    [...machine.chardevs].map(([label, { path }]) => ({
      label,
      'frontend-open': true,
      filename: `${label === 'console0' && attached ? '' : 'disconnected:'}unix:${path},server=on`,
    })),
  'human-monitor-command': () =>
    [...connections].map(({ host, state }) => `  TCP[${state}] 12 127.0.0.1 ${host} 10.0.2.15 22 0 0\r\n`).join(''),
  system_powerdown() {
    setImmediate(pressPowerButton);
    return {};
  },
  quit() {
    setImmediate(() => shutDown('host-qmp-quit'));
    return {};
  },
  stop() {
    if (status === 'running') setImmediate(emit, 'STOP');
    status = 'paused';
    return {};
  },
  cont() {
    if (status !== 'running') setImmediate(emit, 'RESUME');
    status = 'running';
    return {};
  },
};

function reply(socket, line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch {
    return send(socket, { error: { class: 'GenericError', desc: 'JSON parse error, invalid keyword' } });
  }
  const id = 'id' in request ? { id: request.id } : {};
  const isKnown =
    Object.hasOwn(commands, request.execute) && !(behaviour.noUsernet && request.execute === 'human-monitor-command');
  const command = isKnown ? commands[request.execute] : undefined;
  if (!command || (!clients.has(socket) && request.execute !== 'qmp_capabilities')) {
    const desc = command
      ? "Expecting capabilities negotiation with 'qmp_capabilities'"
      : `The command ${request.execute} has not been found`;
    return send(socket, { ...id, error: { class: 'CommandNotFound', desc } });
  }
  clients.add(socket);
  send(socket, { return: command(), ...id });
}

/** One client at a time: like QEMU's chardev, the next one is greeted once the first has gone. */
function serveQmp(path) {
  const waiting = [];
  let current;
  const next = () => {
    current = waiting.shift();
    if (!current) return;
    const socket = current;
    let rest = '';
    socket.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line.trim() !== '') reply(socket, line);
    });
    send(socket, {
      QMP: { version: { qemu: { micro: 22, minor: 2, major: 7 }, package: 'fake' }, capabilities: ['oob'] },
    });
  };
  const openedAt = performance.now();
  serve(path, async (socket) => {
    socket.on('error', () => undefined);
    const early = openedAt + (behaviour.greetingDelayMs ?? 0) - performance.now();
    if (early > 0) await new Promise((done) => setTimeout(done, early));
    socket.on('close', () => {
      clients.delete(socket);
      if (waiting.includes(socket)) waiting.splice(waiting.indexOf(socket), 1);
      if (current === socket) next();
    });
    waiting.push(socket);
    if (!current) next();
  });
}

/** Its guest repeats what it reads. One client at a time; the others are connected and wait. */
function serveConsole(path) {
  const waiting = [];
  const next = () => {
    attached = waiting.shift();
    attached?.on('data', (data) => attached?.write(data));
  };
  serve(path, (socket) => {
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (waiting.includes(socket)) waiting.splice(waiting.indexOf(socket), 1);
      if (attached === socket) next();
    });
    waiting.push(socket);
    if (!attached) next();
  });
}

function serve(path, onConnection) {
  rmSync(path, { force: true });
  sockets.push(path);
  createServer(onConnection)
    .on('error', (error) => fail(`-chardev socket,path=${path}: ${error.message}`))
    .listen(path);
}

/** slirp accepts for the guest at once; whether a server in it answers shows later. */
async function openForward({ rule, netdev, protocol, bind, host, guest }) {
  const refuse = () => fail(`-netdev ${netdev}: Could not set up host forwarding rule '${rule}'`);
  if (protocol === 'udp') {
    const { createSocket } = await import('node:dgram');
    return new Promise((done) =>
      createSocket('udp4')
        .on('error', refuse)
        .bind({ address: bind || '0.0.0.0', port: host }, done),
    );
  }
  const server = createServer((socket) => {
    // A connection that comes before the guest is up is never answered.
    const connection = { host, state: booted && !behaviour.deaf ? 'ESTABLISHED' : 'SYN_SENT' };
    connections.add(connection);
    socket.on('error', () => undefined).once('close', () => connections.delete(connection));
    if (booted && guest === 22 && !behaviour.noBanner && !behaviour.deaf) void serveSsh(socket);
    else socket.resume();
  });
  await new Promise((done) => server.on('error', refuse).listen({ host: bind || '0.0.0.0', port: host }, done));
}

/**
 * The guest's SSH server, with the keys that its seed disk would have: those of the state root. Without them, as in
 * tests of single parts, it has a banner and nothing else.
 */
async function serveSsh(socket) {
  const keys = join(dirname(machine.pidfile ?? '.'), 'keys');
  const hostKey = join(keys, `${machine.name}_host_ed25519`);
  if (behaviour.banner) return socket.resume().write(`${behaviour.banner}\r\n`);
  if (!existsSync(hostKey) || behaviour.bannerOnly) return socket.resume().write('SSH-2.0-fake\r\n');
  const { default: ssh2 } = await import('ssh2');
  const owner = ssh2.utils.parseKey(readFileSync(join(keys, 'id_ed25519.pub')));
  sshServer ??= new ssh2.Server({ ident: 'fake', hostKeys: [readFileSync(hostKey)] }, (client) => {
    client
      .on('error', () => undefined)
      .on('authentication', (context) => {
        const known = context.method === 'publickey' && owner.getPublicSSH().equals(context.key.data);
        const proven = known && (!context.signature || owner.verify(context.blob, context.signature, context.hashAlgo));
        if (proven && !behaviour.denies) context.accept();
        else context.reject(['publickey']);
      });
    const end = (open) => {
      const channel = open();
      channel.exit(0);
      channel.end();
    };
    client.on('session', (accept) =>
      accept()
        .on('exec', end)
        .on('shell', end)
        .on('pty', (take) => take()),
    );
  });
  sshServer.injectSocket(socket);
}

function print(text) {
  const path = machine.chardevs.get('console0')?.logfile;
  if (path && text) appendFileSync(path, text);
}

function boot() {
  booted = true;
  print(behaviour.serial);
  emit('NIC_RX_FILTER_CHANGED', { name: 'net0', path: '/machine/peripheral/net0/virtio-backend' });
}

process.on('SIGTERM', () => {
  if (!behaviour.ignoreSigterm) cleanExit();
});
process.on('SIGHUP', () => cleanExit());

if (behaviour.exitAtStart) {
  process.stderr.write(behaviour.exitAtStart.stderr ?? '');
  process.exit(behaviour.exitAtStart.code ?? 1);
}
if (behaviour.hang) {
  setInterval(() => undefined, 1 << 30);
} else {
  if (!behaviour.servedElsewhere) for (const forward of machine.forwards) await openForward(forward);
  const writePidfile = () => machine.pidfile && writeFileSync(machine.pidfile, `${process.pid}\n`, { mode: 0o600 });
  if (behaviour.pidfileDelayMs) setTimeout(writePidfile, behaviour.pidfileDelayMs);
  else writePidfile();
  const log = machine.chardevs.get('console0')?.logfile;
  if (log) closeSync(openSync(log, 'a'));
  for (const [id, { path }] of machine.chardevs) {
    if (machine.monitors.includes(id)) serveQmp(path);
    // Its guest has no agent: it takes what the broker says, and says nothing.
    else if (id === 'bus0port') serve(path, (socket) => socket.on('error', () => undefined).resume());
    else serveConsole(path);
  }
  if (bootDelayMs > 0) setTimeout(boot, bootDelayMs);
  else boot();
  if (behaviour.exitAfterMs !== undefined) setTimeout(shutDown, behaviour.exitAfterMs, 'guest-shutdown');
  if (behaviour.stopEventAfterMs !== undefined) {
    setTimeout(() => {
      status = behaviour.status ?? 'paused';
      emit('STOP');
    }, behaviour.stopEventAfterMs);
  }
}
