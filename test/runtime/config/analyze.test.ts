import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigSource } from '../../../runtime/config/analyze.ts';
import type { ProjectConfig, VmDefinition } from '../../../runtime/config/project.ts';
import { analyze, HEAD } from './marked.ts';

/** The project of a text without any diagnostics. */
function project(text: string, place: Partial<ConfigSource> = {}): ProjectConfig {
  const analysis = analyze(text, place);
  assert.deepEqual(analysis.diagnostics, []);
  assert.ok(analysis.project);
  return analysis.project;
}

const vms = (text: string) => project(HEAD + text).vms;
const only = <K extends keyof VmDefinition>(list: readonly VmDefinition[], key: K) => list.map((vm) => vm[key]);

const FULL = `
version = "0.2.0"

[project]
name = "Demo Project"
state_dir = "state"
accelerator = "tcg"

[broker]
port = 9000

[lifecycle]
graceful_shutdown_wait_secs = 0
sigterm_wait_secs = 1
sigkill_wait_secs = 2

[images]
mirrors = ["http://mirror.example/alpine"]
max_size = "100 GiB"

[logs]
max_size = "2 MiB"
keep = 9

[bootstrap]
mode = "FORCE"
handshake_timeout_secs = 30
remote_dir = "/opt/boot"
env = { A = "1", B = "2" }
max_parallel = 2

[workflows]
init = ["make images", "make keys"]

[[vms]]
name = "web"
description = "Front end"
base_image = "https://images.example/web.qcow2"
base_image_sha256 = "${'A1'.repeat(32)}"
overlay_size = "20 GiB"
user_data = "cloud/web.yaml"
overlay = "disks/web.qcow2"
cpus = 4
memory = "1.5 GiB"
count = 2
accelerator = "kvm"
firmware = "uefi"
ssh_user = "admin"
ready = "serial:^login: $"
ready_timeout_secs = 60
qemu_args = ["-device", "virtio-rng-pci"]

[[vms.port_forwards]]
host = 8080
guest = 80
protocol = "TCP"
bind = "0.0.0.0"

[[vms.port_forwards]]
host = 0
guest = 53
protocol = "udp"

[[vms.instances]]
id = "web-1"
description = "Second front end"
base_image = "/images/other.qcow2"
overlay_size = 2048
user_data = "#!/bin/sh\\ntrue\\n"
overlay = ".castra/second.qcow2"
cpus = 1
memory = 512
port_forwards = [{ host = 8090, guest = 80 }]

[vms.bootstrap]
mode = "off"
handshake_timeout_secs = 5
remote_dir = "/srv"
env = { B = "3", C = "4" }
script = "setup.sh"
payload = "/payload"
verify_command = "true"
verify_path = "done"
`;

test('a file with every key becomes a whole project', () => {
  const bootstrap = {
    mode: 'skip',
    handshakeTimeoutMs: 5_000,
    remoteDir: '/srv',
    env: { A: '1', B: '3', C: '4' },
    script: '/srv/demo/setup.sh',
    payload: '/payload',
    verifyCommand: 'true',
    verifyPath: 'done',
  };
  const shared = {
    role: 'web',
    accelerator: 'kvm',
    firmware: 'uefi',
    sshUser: 'admin',
    ready: { kind: 'serial', pattern: '^login: $' },
    readyTimeoutMs: 60_000,
    qemuArgs: ['-device', 'virtio-rng-pci'],
    needs: [],
    bootstrap,
  };
  assert.deepEqual(project(FULL), {
    name: 'Demo Project',
    configPath: '/srv/demo/castra.toml',
    stateRoot: '/srv/demo/state',
    version: '0.2.0',
    broker: {
      ...{ enabled: true, port: 9000, isDefaultPort: false, auth: 'token', journal: true },
      ...{ slowConsumer: 'drop-oldest', publishRate: 0 },
    },
    lifecycle: { gracefulMs: 0, sigtermMs: 1_000, sigkillMs: 2_000 },
    mirrors: ['http://mirror.example/alpine'],
    maxImageBytes: 100 * 1024 ** 3,
    logs: { maxBytes: 2 * 1024 * 1024, keep: 9 },
    bootstrapParallel: 2,
    initWorkflow: ['make images', 'make keys'],
    vms: [
      {
        ...shared,
        name: 'web-0',
        index: 0,
        description: 'Front end',
        image: {
          kind: 'url',
          url: 'https://images.example/web.qcow2',
          digest: { algorithm: 'sha256', hex: 'a1'.repeat(32) },
        },
        overlaySizeMiB: 20 * 1024,
        userData: { kind: 'file', path: '/srv/demo/cloud/web.yaml' },
        overlayPath: '/srv/demo/disks/web.qcow2',
        cpus: 4,
        memoryMiB: 1536,
        forwards: [
          { bind: '0.0.0.0', host: 8080, guest: 80, protocol: 'tcp' },
          { bind: '127.0.0.1', host: 0, guest: 53, protocol: 'udp' },
        ],
      },
      {
        ...shared,
        name: 'web-1',
        index: 1,
        description: 'Second front end',
        image: { kind: 'file', path: '/images/other.qcow2' },
        overlaySizeMiB: 2048,
        userData: { kind: 'inline', text: '#!/bin/sh\ntrue\n' },
        overlayPath: '/srv/demo/state/second.qcow2',
        cpus: 1,
        memoryMiB: 512,
        forwards: [{ bind: '127.0.0.1', host: 8090, guest: 80, protocol: 'tcp' }],
      },
    ],
  });
});

test('a file with the least keys gets every default', () => {
  const stateRoot = '/home/me/.castra/projects/demo-926574b4279e7131';
  const minimal = project(`${HEAD}[[vms]]\nname = "devbox"`);
  assert.deepEqual(minimal, {
    name: 'demo',
    configPath: '/srv/demo/castra.toml',
    stateRoot: minimal.stateRoot,
    version: '0.2.0',
    broker: {
      ...{ enabled: true, port: 7070, isDefaultPort: true, auth: 'token', journal: true },
      ...{ slowConsumer: 'drop-oldest', publishRate: 0 },
    },
    lifecycle: { gracefulMs: 20_000, sigtermMs: 10_000, sigkillMs: 5_000 },
    mirrors: [],
    maxImageBytes: 64 * 1024 ** 3,
    logs: { maxBytes: 16 * 1024 * 1024, keep: 4 },
    bootstrapParallel: 4,
    initWorkflow: [],
    vms: [
      {
        name: 'devbox-0',
        role: 'devbox',
        index: 0,
        image: { kind: 'default-alpine' },
        overlayPath: `${minimal.stateRoot}/overlays/devbox-2ff8dd-overlay.qcow2`,
        cpus: 2,
        memoryMiB: 2048,
        forwards: [],
        accelerator: 'auto',
        sshUser: 'alpine',
        ready: { kind: 'ssh' },
        readyTimeoutMs: 300_000,
        qemuArgs: [],
        needs: [],
        bootstrap: {
          mode: 'auto',
          handshakeTimeoutMs: 300_000,
          remoteDir: '/tmp/castra-bootstrap',
          env: {},
          script: '/srv/demo/bootstrap/devbox-0/run.sh',
          payload: '/srv/demo/bootstrap/devbox-0/payload',
        },
      },
    ],
  });
  assert.equal(minimal.stateRoot, stateRoot);
});

test('version 0.1 names a VM after its role, version 0.2 always numbers it', () => {
  const named = (version: string) =>
    only(project(`version = "${version}"\nproject = { name = "demo" }\n[[vms]]\nname = "web"`).vms, 'name');
  assert.deepEqual(named('0.1'), ['web']);
  assert.deepEqual(named('0.1.7'), ['web']);
  assert.deepEqual(named('0.2'), ['web-0']);
  assert.deepEqual(named('0.2.9'), ['web-0']);
});

test('a version to come is read like 0.2, with a warning that spoils nothing', () => {
  const analysis = analyze('version = "1.0"\nproject = { name = "demo" }\n[[vms]]\nname = "web"');
  assert.equal(analysis.diagnostics[0]?.severity, 'warning');
  assert.equal(analysis.project?.vms[0]?.name, 'web-0');
});

test('replicas take host, host + 1 and so on, except that 0 stays 0', () => {
  const forwards = 'port_forwards = [{ host = 8000, guest = 80 }, { host = 0, guest = 22 }]';
  const hosts = vms(`[[vms]]\nname = "web"\ncount = 3\n${forwards}`).map((vm) => vm.forwards.map(({ host }) => host));
  assert.deepEqual(hosts, [
    [8000, 0],
    [8001, 0],
    [8002, 0],
  ]);
});

test('the list of an instance replaces the whole list and is not numbered', () => {
  const instances = `instances = [
    { id = "web-1", port_forwards = [] },
    { id = "web-2", port_forwards = [{ host = 9000, guest = 80 }] },
  ]`;
  const list = vms(`[[vms]]\nname = "web"\ncount = 3\nport_forwards = [{ host = 80, guest = 80 }]\n${instances}`);
  assert.deepEqual(
    list.map((vm) => vm.forwards.map(({ host }) => host)),
    [[80], [], [9000]],
  );
});

test('overlays of a role are numbered before their ending, those of an instance are not', () => {
  const list = vms(`[[vms]]
    name = "web"
    count = 4
    overlay = "disks/web.tar.qcow2"
    instances = [{ id = "web-3", overlay = "own.qcow2" }]`);
  assert.deepEqual(only(list, 'overlayPath'), [
    '/srv/demo/disks/web.tar.qcow2',
    '/srv/demo/disks/web.tar-1.qcow2',
    '/srv/demo/disks/web.tar-2.qcow2',
    '/srv/demo/own.qcow2',
  ]);
});

test('.castra in an overlay means the state root', () => {
  const [vm] = vms('[[vms]]\nname = "web"\noverlay = ".castra/disks/web.qcow2"');
  assert.equal(vm?.overlayPath, '/home/me/.castra/projects/demo-926574b4279e7131/disks/web.qcow2');
});

test('the accelerator of a VM beats that of the project, which beats auto', () => {
  const text = 'version = "0.2"\nproject = { name = "demo", accelerator = "tcg" }\n[[vms]]\nname = "a"\n';
  assert.deepEqual(only(project(`${text}[[vms]]\nname = "b"\naccelerator = "auto"`).vms, 'accelerator'), [
    'tcg',
    'auto',
  ]);
});

test('a VM with an image of its own is logged in to as root', () => {
  const list = vms(
    '[[vms]]\nname = "a"\nbase_image = "a.qcow2"\n[[vms]]\nname = "b"\nssh_user = "me"\n[[vms]]\nname = "c"',
  );
  assert.deepEqual(only(list, 'sshUser'), ['root', 'me', 'alpine']);
});

test('ready may be none', () => {
  assert.deepEqual(only(vms('[[vms]]\nname = "a"\nready = "none"'), 'ready'), [{ kind: 'none' }]);
});

test('every spelling of a bootstrap mode is understood', () => {
  const modes = {
    skip: 'skip',
    Disabled: 'skip',
    OFF: 'skip',
    auto: 'auto',
    automatic: 'auto',
    enabled: 'auto',
    always: 'always',
    force: 'always',
  };
  for (const [written, mode] of Object.entries(modes)) {
    const [vm] = vms(`[[vms]]\nname = "a"\nbootstrap = { mode = "${written}" }`);
    assert.equal(vm?.bootstrap.mode, mode);
  }
});

test('environment variables may have any name', () => {
  const [vm] = vms('[[vms]]\nname = "a"\n[vms.bootstrap.env]\n"__proto__" = "x"\nconstructor = "y"\n"a b" = "z"');
  assert.deepEqual(Object.entries(vm?.bootstrap.env ?? {}), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['a b', 'z'],
  ]);
});

const ID = '926574b4279e7131';

test('a state root is named after the project, and told apart by the path of its folder', () => {
  const text = `${HEAD}[[vms]]\nname = "a"`;
  assert.equal(project(text).stateRoot, `/home/me/.castra/projects/demo-${ID}`);
  assert.notEqual(project(text, { path: '/srv/other/castra.toml' }).stateRoot, project(text).stateRoot);
});

test('a project keeps its state root after a change of its name', () => {
  const text = 'version = "0.2"\nproject = { name = "New Name" }\n[[vms]]\nname = "a"';
  assert.equal(project(text).stateRoot, `/home/me/.castra/projects/new-name-${ID}`);
  const knownProjects = ['demo-0000000000000000', `demo-${ID}`];
  assert.equal(project(text, { knownProjects }).stateRoot, `/home/me/.castra/projects/demo-${ID}`);
});

test('two files in one folder are two projects', () => {
  const text = `${HEAD}[[vms]]\nname = "a"`;
  assert.notEqual(project(text, { path: '/srv/demo/other.toml' }).stateRoot, project(text).stateRoot);
});

test('state_dir is relative to the file, or absolute', () => {
  const root = (folder: string) =>
    project(`version = "0.2"\nproject = { name = "demo", state_dir = "${folder}" }\n[[vms]]\nname = "a"`).stateRoot;
  assert.equal(root('.castra'), '/srv/demo/.castra');
  assert.equal(root('../state'), '/srv/state');
  assert.equal(root('/var/castra'), '/var/castra');
});

test('a broken file still tells where its project keeps its things', () => {
  const { place, project: none } = analyze('version = \n[project]\nname = "demo"\n[[vms]]\nname = "A"');
  assert.equal(none, undefined);
  assert.deepEqual(place, {
    name: 'demo',
    configPath: '/srv/demo/castra.toml',
    stateRoot: `/home/me/.castra/projects/demo-${ID}`,
  });
});

test('line ends of Windows and a byte order mark change nothing', () => {
  const { vms: list } = project(`\uFEFF${FULL}`.replaceAll('\n', '\r\n'));
  assert.deepEqual(only(list, 'name'), ['web-0', 'web-1']);
});

test('what only smol-toml objects to is an error at its place', () => {
  const { diagnostics } = analyze(`${HEAD}[[vms]]\nname = "a"\r`);
  for (const { code } of diagnostics) assert.match(code, /^toml\//);
});

test('a date that does not exist is an error, also where smol-toml moves it to another month', () => {
  const { diagnostics, project } = analyze(`${HEAD}[[vms]]\nname = "web"\nday = 2024-02-30\n`);
  const found = diagnostics.map(({ severity, code }) => `${severity} ${code}`);
  assert.deepEqual(found, ['warning config/unknown-key', 'error toml/invalid-date']);
  assert.equal(project, undefined);
});
