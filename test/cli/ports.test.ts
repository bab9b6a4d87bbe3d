import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import type { PortsOutcome } from '../../runtime/contract/ports.ts';
import { type CliOptions, lines, ok, outcomeOf, runCli } from '../support/cli.ts';
import { type TempProject, withProject } from '../support/tempProject.ts';

const vm = (name: string, forwards: string) =>
  `[[vms]]\nname = "${name}"\ndescription = "it serves"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\nport_forwards = [${forwards}]\n`;
const toml = (...vms: string[]) => `version = "0.1.0"\n[project]\nname = "shop"\n${vms.join('')}`;

async function ports(project: TempProject, args: string[] = [], options: CliOptions = {}): Promise<PortsOutcome> {
  return outcomeOf(await ok(runCli(project, ['ports', '--json', ...args], options)));
}

const shown = ({ ports: rows }: PortsOutcome) =>
  rows.map(({ vm: name, guest, protocol, status, reason }) =>
    [name, `${guest}/${protocol}`, status, ...(reason ? [reason] : [])].join(' '),
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('without a running VM, forwards are declared, and free choices are `auto`', async () => {
  const host = await freePort();
  await withProject(
    toml(vm('web', `{ host = ${host}, guest = 80 }, { host = 0, guest = 53, protocol = "udp" }`)),
    async (project) => {
      assert.deepEqual(shown(await ports(project)), [
        'web 80/tcp declared',
        'web 53/udp declared',
        'web 22/tcp declared',
      ]);
      assert.deepEqual(shown(await ports(project, ['--active'])), [
        'web 80/tcp inactive vm stopped',
        'web 53/udp inactive vm stopped',
        'web 22/tcp inactive vm stopped',
      ]);
      const { stdout } = await ok(runCli(project, ['ports', '--verbose']));
      assert.match(stdout, new RegExp(`web +${host} +80 +tcp +declared`));
      assert.match(stdout, /web +auto +22 +tcp +declared/);
      assert.match(
        stdout,
        /web \(does not run\)\n +description: it serves\n +base_image: .*base\.qcow2\n +overlay: .*\n +cpus: 1\n +memory: 64 MiB/,
      );
    },
  );
});

test('while a VM runs its forwards are those in force, also when its castra.toml broke or went', () =>
  withProject(toml(vm('web', '{ host = 0, guest = 80 }')), async (project) => {
    await ok(runCli(project, ['up']));
    const before = await ports(project);
    assert.ok(before.ports.every(({ host }) => host > 0));
    assert.deepEqual(shown(before), ['web 80/tcp declared', 'web 22/tcp declared']);
    writeFileSync(project.configPath, 'version = "0.1.0"\n[project\nname = "shop"\n');
    assert.deepEqual((await ports(project)).ports, before.ports);
    rmSync(project.configPath);
    assert.deepEqual((await ports(project, ['--project', 'shop'])).ports, before.ports);
  }));

test('two VMs of a file that want a port are shown as in conflict although the file is refused', async () => {
  const host = await freePort();
  const text = toml(vm('web', `{ host = ${host}, guest = 80 }`), vm('db', `{ host = ${host}, guest = 81 }`));
  await withProject(text, async (project) => {
    const rows = shown(await ports(project));
    assert.ok(rows.includes('web 80/tcp conflict "db" forwards it to its port 81'), rows.join('\n'));
    assert.ok(rows.includes('db 81/tcp conflict "web" forwards it to its port 80'), rows.join('\n'));
  });
});

test('a foreign process that holds a port is named with its pid, as a warning', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  try {
    const forwards = `{ host = ${port}, guest = 80 }, { host = ${udp.address().port}, guest = 53, protocol = "udp" }`;
    await withProject(toml(vm('web', forwards)), async (project) => {
      const result = await ok(runCli(project, ['ports', '--json']));
      const owner = `conflict node (pid ${process.pid}) uses it`;
      assert.deepEqual(shown(outcomeOf(result)), [`web 80/tcp ${owner}`, `web 53/udp ${owner}`, 'web 22/tcp declared']);
      const told = lines(result).flatMap((line) => (line.type === 'diagnostic' ? [line.diagnostic] : []));
      assert.deepEqual(
        told.map(({ code, severity }) => [code, severity]),
        [
          ['host/port-taken', 'warning'],
          ['host/port-taken', 'warning'],
        ],
      );
    });
  } finally {
    server.close();
    udp.close();
  }
});

test("another project's running VM is named as what holds a port", async () => {
  const text = toml(vm('web', `{ host = ${await freePort()}, guest = 80 }`));
  await withProject(text, (first) =>
    withProject(text, async (second) => {
      await ok(runCli(first, ['up']));
      const [row = ''] = shown(await ports({ ...second, home: first.home }));
      assert.equal(row, `web 80/tcp conflict the running VM "web" of project "shop" (${first.configPath}) has it`);
    }),
  );
});

test("the broker's port is reserved for it", () =>
  withProject(`${toml(vm('web', '{ host = 7171, guest = 80 }'))}[broker]\nport = 7171\n`, async (project) => {
    assert.equal(shown(await ports(project))[0], 'web 80/tcp broker-reserved');
  }));

test('--active says only what is known: a server that speaks is active, a silent QEMU is not', () =>
  withProject(
    toml(vm('web', '{ host = 0, guest = 80 }, { host = 0, guest = 53, protocol = "udp" }')),
    async (project) => {
      await ok(runCli(project, ['up'], { fake: { '*': { noUsernet: true } } }));
      // It takes every connection and does not know `info usernet`.
      assert.deepEqual(shown(await ports(project, ['--active'])), [
        'web 80/tcp bound whether the guest listens is unknown',
        'web 53/udp bound whether the guest listens is unknown',
        'web 22/tcp active',
      ]);
    },
  ));
