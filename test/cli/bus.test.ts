import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { BusMessageEvent, BusRequestOutcome, BusStatsOutcome } from '../../runtime/contract/bus.ts';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import { connectBus } from '../../runtime/operations/broker/connectBus.ts';
import { isSameProcess } from '../../runtime/process/identity.ts';
import { ok, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { findBrokers, type TempProject, tempProject } from '../support/tempProject.ts';

const GUEST = process.env.CASTRA_TEST_GUEST;
const REAL = { real: true };
const skip = GUEST === undefined && 'the test guest cannot be built here (test/guest/README.md)';

const toml = () => `version = "0.2.0"
[project]
name = "bus"
accelerator = "tcg"
state_dir = "state"
[broker]
port = 0
[[vms]]
name = "web"
cpus = 1
memory = "256 MiB"
base_image = ${JSON.stringify(GUEST)}
ssh_user = "root"
ready = "broker"
`;

describe('the bus of a project with a real guest', { skip }, () => {
  let project: TempProject;
  before(async () => {
    project = tempProject(toml());
    await ok(runCli(project, ['up'], REAL));
  });
  after(() => project.dispose());

  const castra = (...args: string[]) => runCli(project, args, REAL);
  const inGuest = async (command: string) => (await ok(castra('exec', 'web', '--', 'sh', '-c', command))).stdout;
  const status = async () => outcomeOf<StatusOutcome>(await castra('status', '--json'));
  const messages = async (...args: string[]) =>
    (await ok(castra('bus', 'tail', '--json', ...args))).stdout
      .split('\n')
      .filter((line) => line.includes('"bus.message"'))
      .map((line) => JSON.parse(line) as BusMessageEvent);

  async function connected(): Promise<void> {
    for (const deadline = performance.now() + 60_000; ; await delay(250)) {
      const { vms } = await status();
      if (vms[0]?.bus?.connected) return;
      assert.ok(performance.now() < deadline, JSON.stringify(vms));
    }
  }

  /** A subscription of the guest has reached the broker: from now on nothing is missed. */
  async function subscribed(topic: string): Promise<void> {
    for (const deadline = performance.now() + 60_000; ; await delay(250)) {
      const { sessions } = outcomeOf<BusStatsOutcome>(await ok(castra('bus', 'stats', '--json')));
      if (sessions.some(({ topics }) => topics.includes(topic))) return;
      assert.ok(performance.now() < deadline, JSON.stringify(sessions));
    }
  }

  it('is up when its agent said hello, which `status` shows', async () => {
    const { broker, vms } = await status();
    assert.equal(broker.state, 'running');
    const [web] = vms;
    assert.equal(web?.state, 'running');
    assert.deepEqual([web?.bus?.transport, web?.bus?.connected, web?.bus?.fresh], ['virtio', true, true]);
    assert.match((await castra('status')).stdout, /Broker: 127\.0\.0\.1:\d+ .*web-0 {2}running .* connected {2}00:0/s);
  });

  it('carries what the guest says to the host, and what the host says to the guest', async () => {
    const tail = startCli(project, ['bus', 'tail', '-f', '-n', '0', '--topic', 'sensor.*', '--json'], REAL);
    await subscribed('>');
    await inGuest(`castra-bus publish --topic sensor.load --payload '{"load":0.4}'`);
    await inGuest(`castra-bus publish --topic sensor.name --text 'say "é"'`);
    await tail.until('sensor.name');
    tail.child.kill('SIGINT');
    const seen = (await tail.result).stdout.split('\n').filter((line) => line.includes('bus.message'));
    assert.deepEqual(
      seen.map((line) => JSON.parse(line) as BusMessageEvent).map(({ from, topic, payload }) => [from, topic, payload]),
      [
        ['web-0', 'sensor.load', { load: 0.4 }],
        ['web-0', 'sensor.name', 'say "é"'],
      ],
    );
    const listening = inGuest(`castra-bus subscribe --count 2 'app.>'`);
    await subscribed('app.>');
    await ok(castra('bus', 'publish', '--topic', 'app.config', '--payload', '{"debug":true}'));
    await ok(castra('bus', 'publish', '--topic', 'app.x.y', '--payload', '"text"', '--vm', 'web-0'));
    assert.match(await listening, /\{"debug":true\}\n.*"text"/);
  });

  it('answers the host, by its agent and by its own scripts', async () => {
    const ask = async (...args: string[]) =>
      outcomeOf<BusRequestOutcome>(await ok(castra('bus', 'request', ...args, '--json'))).payload;
    const info = (await ask('castra.guest.info', '--vm', 'web-0')) as Record<string, unknown>;
    assert.equal(info.hostname, 'web-0');
    assert.ok((info.addresses as string[]).includes('10.0.2.15'));
    assert.deepEqual(await ask('castra.guest.ping'), { pong: true });
    await inGuest(`(castra-bus answer calc.double 'read x; echo $((x * 2))' >/dev/null 2>&1 &)`);
    await subscribed('calc.double');
    assert.equal(await ask('calc.double', '--payload', '21'), 42);
    const nothing = await castra('bus', 'request', 'nothing.there');
    assert.equal(nothing.code, 70);
    assert.match(nothing.stderr, /No reply to nothing\.there: no subscriber/);
  });

  it('knows the VMs of the project, and refuses what is no topic', async () => {
    for (const args of [
      ['publish', '--payload', '1', '--vm', 'nope'],
      ['request', 'x', '--vm', 'nope'],
      ['tail', '--vm', 'nope'],
    ]) {
      const result = await castra('bus', ...args);
      assert.equal(result.code, 64, args.join(' '));
      assert.match(result.stderr, /nope/);
    }
    const request = ['bus', 'request', 'castra.guest.ping', '--vm', 'web', '--json'];
    assert.equal(outcomeOf<BusRequestOutcome>(await ok(castra(...request))).from, 'web-0', 'a role of one VM');
    for (const args of [
      ['tail', '--topic', 'a..b'],
      ['publish', '--topic', 'a b', '--payload', '1'],
    ]) {
      const result = await castra('bus', ...args);
      assert.equal(result.code, 70, args.join(' '));
      assert.match(result.stderr, /is not a topic/);
    }
  });

  it('sets the clock of the guest when it is off, and leaves it alone otherwise', async () => {
    const set = async (ms: number) =>
      outcomeOf<BusRequestOutcome>(
        await ok(castra('bus', 'request', 'castra.guest.time', '--payload', JSON.stringify({ ms }), '--json')),
      ).payload as { set: boolean };
    assert.equal((await set(Date.now())).set, false);
    await inGuest('date -s @1000000000');
    assert.equal((await set(Date.now())).set, true);
    const seconds = Number(/\d{9,}/.exec(await inGuest('date +%s'))?.[0]);
    assert.ok(Math.abs(seconds - Date.now() / 1000) < 60, `${seconds}`);
  });

  it('survives floods in both directions', async () => {
    const count = 5_000;
    const listening = inGuest(`castra-bus subscribe --count 200 flood.down | tail -n 1`);
    await subscribed('flood.down');
    const up = inGuest(`seq 1 ${count} | castra-bus publish --topic flood.up --stdin`);
    await using bus = await connectBus(join(project.path, 'state'), new AbortController().signal);
    for (let n = 1; n <= 200; n++) await bus?.publish('flood.down', { n, text: 'x'.repeat(1_000) });
    await up;
    assert.match(await listening, /"n":200,/);
    const last = await messages('--topic', 'flood.up', '-n', String(count + 1));
    assert.equal(last.length, count);
    assert.deepEqual(
      last.map(({ payload }) => payload),
      Array.from({ length: count }, (_, at) => at + 1),
    );
  });

  it('survives a megabyte of garbage on its port, and a guest that claims to be another', async () => {
    await inGuest('head -c 1000000 /dev/urandom >/run/castra-agent/out; echo >/run/castra-agent/out');
    await inGuest(`echo 'hello vm:db-0 capabilities=bus-v1' >/run/castra-agent/out`);
    await inGuest(`castra-bus publish --topic after --payload 1`);
    const [last] = await messages('-n', '1');
    assert.deepEqual([last?.topic, last?.from], ['after', 'web-0']);
    const { sessions } = outcomeOf<BusStatsOutcome>(await ok(castra('bus', 'stats', '--json')));
    assert.deepEqual([...new Set(sessions.filter(({ kind }) => kind === 'guest').map(({ name }) => name))], ['web-0']);
  });

  it('finds a broker that was killed and started again, without losing what was recorded', async () => {
    const before = (await messages('-n', '1'))[0]?.seq ?? 0;
    for (const { pid } of findBrokers(project.path)) process.kill(pid, 'SIGKILL');
    assert.match((await castra('status')).stdout, /Broker: not running; the next/);
    await ok(castra('bus', 'publish', '--payload', '1'));
    assert.equal((await messages('-n', '1'))[0]?.seq, before + 1);
    await connected();
    await inGuest('castra-bus publish --payload 2');
  });

  it('finds the broker again after a reboot of the guest', async () => {
    const uptime = async () => Number((await inGuest('cut -d. -f1 /proc/uptime')).trim().split(' ').at(-1));
    const before = await uptime();
    await castra('exec', 'web', '--', 'reboot');
    await delay(before * 1000 > 4_000 ? 4_000 : 0);
    for (const deadline = performance.now() + 90_000; ; await delay(500)) {
      const { code } = await castra('bus', 'request', 'castra.guest.ping', '--timeout', '2');
      if (code === 0) break;
      assert.ok(performance.now() < deadline);
    }
  });

  it('keeps its secrets to itself', async () => {
    const [broker] = findBrokers(project.path);
    assert.ok(broker);
    const line = readFileSync(`/proc/${broker.pid}/cmdline`, 'utf8');
    assert.doesNotMatch(line, /[0-9a-f]{32}/, 'no token on a command line');
    assert.match(await inGuest('ls -l /etc/castra/bus.conf'), /-rw-------/);
  });

  it('ends with the last VM', async () => {
    const [broker] = findBrokers(project.path);
    assert.match((await ok(castra('down'))).stdout, /broker: stopped/);
    assert.ok(broker && !isSameProcess(broker));
    const late = await castra('bus', 'publish', '--payload', '1');
    assert.equal(late.code, 70);
    assert.match(late.stderr, /The broker does not work: it is not running; `castra up` starts it/);
  });
});
