import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import {
  type BootstrapProject,
  eventsOf,
  failureOf,
  guestVm,
  outputOf,
  resultOf,
  runLogOf,
  stepsOf,
  withGuests,
} from '../support/bootstrapProject.ts';
import { type CliResult, lines, ok, outcomeOf, runCli } from '../support/cli.ts';
import { REAL } from '../support/realGuest.ts';

const up = (project: BootstrapProject, ...args: string[]): Promise<CliResult> =>
  runCli(project, ['up', '--json', ...args], REAL);
const bootstrap = (project: BootstrapProject, ...args: string[]): Promise<CliResult> =>
  runCli(project, ['bootstrap', '--json', ...args], REAL);

async function statusOf(project: BootstrapProject) {
  const [vm] = outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json'], REAL)).vms;
  assert.ok(vm);
  return vm;
}

const WHOLE = [
  'wait-handshake: success',
  'connect: success',
  'transfer: success',
  'apply run.sh: success',
  'verify: success',
];

/** Each of these must arrive as it is. */
const TORTURE: Readonly<Record<string, string>> = {
  EMPTY: '',
  SINGLE: "it's",
  DOUBLE: '"',
  DOLLAR: '$HOME $PATH $(id) $$',
  TICKS: '`id`',
  BACKSLASH: '\\ \\n \\\\ \\',
  LINES: 'one\ntwo\n\nthree\n',
  SPACES: '  two  ',
  GLOB: '* ? [a] ~ {b,c}',
  UMLAUT: 'größe 日本語 🚀',
  SEMICOLON: 'a; rm -rf / & b | c > d < e #f !g',
  TAB: '\t\r',
};

describe('castra up sets up a guest', { concurrency: 2 }, () => {
  test('runs its script with payload and environment, verifies, keeps a stamp, and does nothing the second time', (t) =>
    withGuests(
      t,
      [guestVm('web', '[vms.bootstrap]\nverify_path = "state/done"\nverify_command = "test -s state/done"')],
      async (project) => {
        const env = Object.entries(TORTURE).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
        project.write('bootstrap/web/bootstrap.toml', `[env]\n${env.join('\n')}\n`);
        project.write(
          'bootstrap/web/run.sh',
          `#!/bin/sh\nset -e\nfor n in ${Object.keys(TORTURE).join(' ')}; do eval "printf '%s' \\"\\$$n\\"" | od -An -v -tx1 | tr -d ' \\n'; echo; done\nmkdir state\ncat "$CASTRA_PAYLOAD_DIR/sub/link" > state/done\necho "$CASTRA_VM"\n`,
        );
        project.write('bootstrap/web/payload/größe & "x".txt', 'payload\n');
        project.write('bootstrap/web/payload/bin/tool', '#!/bin/sh\necho tool\n');
        project.write(`bootstrap/web/payload/${'long-name-'.repeat(15)}/${'x'.repeat(120)}`, 'long\n');
        project.write('bootstrap/web/payload/sub/.hidden', '');
        symlinkSync('../größe & "x".txt', join(project.path, 'bootstrap/web/payload/sub/link'));

        const plan = await ok(runCli(project, ['up', '--plan', '--json'], REAL));
        assert.equal(eventsOf(plan, 'bootstrap.planned')[0]?.plan.action, 'would-run');
        assert.deepEqual(readdirSync(project.home), [], '--plan writes nothing');

        const first = await ok(up(project));
        assert.deepEqual(stepsOf(first), WHOLE);
        const [...values] = outputOf(first).trimEnd().split('\n');
        assert.equal(values.pop(), 'web');
        assert.deepEqual(
          values.map((hex) => Buffer.from(hex, 'hex').toString()),
          Object.values(TORTURE),
        );
        const dir = '/tmp/castra-bootstrap/web/payload';
        assert.equal(
          await project.sh(
            'web',
            `cat '${dir}/${'long-name-'.repeat(15)}/'*; ${dir}/bin/tool; readlink ${dir}/sub/link`,
          ),
          'long\ntool\n../größe & "x".txt',
        );
        assert.match(
          await project.sh('web', 'cat /var/lib/castra/bootstrap.stamp'),
          /^castra-bootstrap 1 [0-9a-f]{64} /,
        );

        const log = runLogOf(project);
        assert.equal(log.status, 'success');
        assert.deepEqual(new Set(Object.values(log.env as object)), new Set(['redacted']));
        assert.deepEqual(Object.keys(log).slice(0, 7), [
          'vm',
          'artifact_hash',
          'base_hash',
          'stamp',
          'status',
          'duration_ms',
          'steps',
        ]);
        const folder = join(project.stateRoot, 'logs/bootstrap');
        for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
        assert.equal((await statusOf(project)).bootstrap?.state, 'done');

        const second = await ok(up(project));
        const skipped = resultOf(second);
        assert.equal(skipped.status, 'skipped');
        assert.deepEqual(stepsOf(second), ['wait-handshake: success', 'connect: success']);
        const planned = await ok(runCli(project, ['bootstrap', '--plan', '--json'], REAL));
        assert.equal(eventsOf(planned, 'bootstrap.planned')[0]?.plan.action, 'would-skip');

        // A lost mirror on the host is no reason to run: the guest knows.
        writeFileSync(join(project.stateRoot, 'web.bootstrap.json'), 'damaged');
        assert.equal(resultOf(await ok(up(project))).status, 'skipped');
        // Nor does an unchanged payload travel again.
        const again = await ok(up(project, '--bootstrap', 'web=always'));
        assert.deepEqual(
          stepsOf(again),
          WHOLE.map((step) => (step.startsWith('transfer') ? 'transfer: skipped' : step)),
        );
        // A payload that the guest changed does.
        await project.sh('web', `echo changed > '${dir}/bin/tool'`);
        assert.deepEqual(stepsOf(await ok(bootstrap(project, 'web'))), WHOLE);
        project.write('bootstrap/web/payload/new', 'x');
        const changed = resultOf(await ok(up(project)));
        assert.ok(changed.status === 'success');
        assert.equal(changed.reason, 'its scripts, payload or settings changed');
      },
    ));

  test('says noop, and reports what a script calls an error', (t) =>
    withGuests(t, [guestVm('web')], async (project) => {
      project.write('bootstrap/web/run.sh', 'echo "  Castra:noop  "\n');
      assert.equal(resultOf(await ok(up(project))).status, 'noop');
      assert.equal(runLogOf(project).status, 'noop');
      project.write(
        'bootstrap/web/run.sh',
        'echo Castra:noop\necho "Castra:error: the licence is missing"\necho Castra:error:second\n',
      );
      const failure = failureOf(await up(project));
      assert.equal(failure.detail, 'the licence is missing');
      assert.equal(failure.step, 'apply');
      assert.match(failure.logPath ?? '', /web-\d{8}-\d{6}-\d{3}\.log$/);
      const { steps } = runLogOf(project) as { steps: { step: string; detail?: string }[] };
      assert.deepEqual(steps.at(-1), {
        step: 'error',
        status: 'failed',
        duration_ms: 0,
        detail: 'the licence is missing',
      });
      const status = await statusOf(project);
      assert.equal(status.state, 'running');
      assert.equal(status.bootstrap?.state, 'failed');
      assert.equal(status.bootstrap?.step, 'apply run.sh');
      assert.equal(status.bootstrap?.reason, 'the licence is missing');
      // A failure leaves no stamp, also not that of an earlier success.
      assert.equal(await project.sh('web', 'test -e /var/lib/castra/bootstrap.stamp || echo gone'), 'gone');

      project.write('bootstrap/web/run.sh', 'echo to the log; echo why >&2; exit 3\n');
      const exited = failureOf(await up(project));
      assert.equal(exited.detail, 'exit code 3');
      assert.deepEqual(exited.output, ['to the log', 'why']);
      assert.match(readFileSync(exited.logPath ?? '', 'utf8'), /\nto the log\nwhy\n== .* apply run\.sh failed/);

      project.write('bootstrap/web/run.sh', '#!/no/such/interpreter\n');
      assert.match(failureOf(await up(project)).hint, /not found|interpreter/);
      project.write('bootstrap/web/run.sh', 'true\n');
      project.write('bootstrap/web/bootstrap.toml', '[verify]\npath = "never"\n');
      const verify = failureOf(await up(project));
      assert.deepEqual([verify.step, verify.detail], ['verify', 'never does not exist']);
      project.write('bootstrap/web/bootstrap.toml', '[verify]\ncommand = "echo bad; exit 4"\n');
      const command = failureOf(await up(project));
      assert.deepEqual([command.step, command.detail, command.output], ['verify', 'exit code 4', ['bad']]);
      project.write('bootstrap/web/bootstrap.toml', 'remote_dir = "/opt/full"\n');
      await project.sh('web', 'mkdir -p /opt/full; touch /opt/full/mine');
      const full = failureOf(await up(project));
      assert.equal(full.step, 'transfer');
      assert.match(full.detail, /has files that Castra did not put there/);
      assert.equal(await project.sh('web', 'ls /opt/full'), 'mine');
      project.write('bootstrap/web/bootstrap.toml', 'remote_dir = "/etc"\n');
      assert.match(failureOf(await up(project)).detail, /The guest needs "\/etc"/);
      project.write('bootstrap/web/bootstrap.toml', '[ssh]\nport = 1\nuser = "root"\n[verify]\npath = "x"\n');
      project.write(
        'castra.toml',
        `${readFileSync(join(project.path, 'castra.toml'), 'utf8')}\n[vms.bootstrap]\nhandshake_timeout_secs = 3\n`,
      );
      const unreachable = failureOf(await up(project));
      assert.equal(unreachable.step, 'wait-handshake');
      assert.match(unreachable.detail, /^no proof within 3 s: /);
    }));

  test('runs steps: names, users, payloads, creates, check, retries, and one alone', (t) =>
    withGuests(t, [guestVm('web')], async (project) => {
      project.write('bootstrap/web/app/file', 'of the step\n');
      project.write('bootstrap/web/retry.sh', '#!/bin/sh\necho x >> /root/tries\n[ $(wc -l < /root/tries) -ge 3 ]\n');
      project.write(
        'bootstrap/web/bootstrap.toml',
        `[env]\nSHARED = "all"
[[steps]]
name = "one"
run = "echo $CASTRA_STEP $SHARED $OWN; touch /root/one"
env = { OWN = "mine" }
creates = "/root/one"
[[steps]]
name = "two"
run = "cat $CASTRA_PAYLOAD_DIR/file; id -un; pwd"
payload = "app"
user = "alpine"
[[steps]]
name = "three"
run = "retry.sh"
retries = 3
[[steps]]
name = "four"
run = "false"
check = "test -e /root/one"
[[steps]]
name = "five"
run = """
echo first
false
echo never
"""
`,
      );
      const failed = await up(project);
      const failure = failureOf(failed);
      assert.deepEqual(
        [failure.step, failure.name, failure.detail, failure.output],
        ['apply', 'five', 'exit code 1', ['first']],
      );
      assert.equal(outputOf(failed), 'one all mine\nof the step\nalpine\n/tmp/castra-bootstrap/web\nfirst\n');
      assert.deepEqual(stepsOf(failed).slice(3), [
        'apply one: success',
        'apply two: success',
        'apply three: retrying',
        'apply three: retrying',
        'apply three: success',
        'apply four: skipped',
        'apply five: failed',
      ]);
      const alone = await ok(bootstrap(project, '--step', 'one', 'web'));
      assert.deepEqual(stepsOf(alone).slice(2), ['transfer: success', 'apply one: skipped', 'verify: success']);
      const unknown = await bootstrap(project, '--step', 'six');
      assert.equal(unknown.code, 64);
      assert.match(unknown.stdout, /There are: one, two, three, four, five\./);
      assert.equal(lines(unknown).at(-1)?.type, 'command.failed');
    }));
});
