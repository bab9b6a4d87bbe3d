import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { planBootstrap } from '../../runtime/api.ts';
import type { PortsOutcome } from '../../runtime/contract/ports.ts';
import { type BootstrapProject, outputOf, resultOf, withGuests } from '../support/bootstrapProject.ts';
import { ok, outcomeOf, runCli } from '../support/cli.ts';
import { REAL } from '../support/realGuest.ts';

const configOf = ({ path }: BootstrapProject): string => join(path, 'castra.toml');

/** The image that `withGuests` has put into its castra.toml. */
const imageOf = (project: BootstrapProject): string =>
  /base_image = '''(.*)'''/.exec(readFileSync(configOf(project), 'utf8'))?.[1] ?? '';

describe('examples of bootstraps', { concurrency: 1 }, () => {
  test('examples/bootstrap: the app has what its database has', (t) =>
    withGuests(t, [{ name: 'x' }], async (project) => {
      const image = imageOf(project);
      cpSync('examples/bootstrap', project.path, { recursive: true });
      const toml = readFileSync(configOf(project), 'utf8');
      // A port of its own, for tests run at the same time.
      const port = 20_000 + (process.pid % 20_000);
      const base = `base_image = '''${image}'''\nssh_user = "alpine"\ncpus = 1`;
      writeFileSync(configOf(project), toml.replaceAll('cpus = 1', base).replace('18432', String(port)));
      const metadata = join(project.path, 'bootstrap/app/bootstrap.toml');
      writeFileSync(metadata, readFileSync(metadata, 'utf8').replace('18432', String(port)));
      const result = await ok(runCli(project, ['up', '--json'], REAL));
      assert.deepEqual([resultOf(result, 'db').status, resultOf(result, 'app').status], ['success', 'success']);
      assert.equal(outputOf(result, 'db'), '3 greetings\n');
      const { ports } = outcomeOf<PortsOutcome>(await ok(runCli(project, ['ports', '--json'], REAL)));
      const host = ports.find((forward) => forward.vm === 'app' && forward.guest === 8080)?.host;
      const page = await fetch(`http://127.0.0.1:${host}/`).then((reply) => reply.text());
      assert.match(page, /ahoj\nhello\nsalut/);
    }));

  test('the two examples of the first Castra work: modes, layers of settings, identities, a key that is not there', (t) =>
    withGuests(t, [{ name: 'x' }], async (project) => {
      const image = imageOf(project);
      const machine = `base_image = '''${image}'''\nssh_user = "root"\ncpus = 1\nmemory = "256 MiB"`;
      writeFileSync(
        configOf(project),
        `version = "0.2.0"
[project]
name = "both"
state_dir = "s"
[bootstrap]
handshake_timeout_secs = 45
remote_dir = "/var/tmp/castra"
env = { LAYER = "project", SHARED = "project" }
[[vms]]
name = "alpine"
${machine}
[vms.bootstrap]
mode = "always"
verify_path = "state/quickstart.txt"
[[vms]]
name = "devbox"
${machine}
[vms.bootstrap]
handshake_timeout_secs = 30
remote_dir = "/var/tmp/castra/devbox"
env = { LAYER = "vm" }
verify_command = "grep -q vm result"
verify_path = "result"
`,
      );
      project.write('bootstrap/alpine-0/bootstrap.toml', 'handshake_identity = "alpine"\n');
      project.write('bootstrap/alpine-0/run.sh', 'mkdir -p state; date > state/quickstart.txt\n');
      project.write(
        'bootstrap/devbox-0/bootstrap.toml',
        'handshake_identity = "devbox"\nenv = { META = "meta", LAYER = "meta" }\n[ssh]\nidentity = "~/.ssh/no-such-key"\noptions = ["ConnectTimeout=10", "StrictHostKeyChecking=no"]\n',
      );
      project.write('bootstrap/devbox-0/run.sh', 'echo "$LAYER $SHARED $META" > result; cat result\n');
      const result = await ok(runCli(project, ['up', '--json'], REAL));
      assert.equal(outputOf(result, 'devbox-0'), 'vm project meta\n');
      assert.equal(resultOf(result, 'alpine-0').status, 'success');
      assert.match(
        result.stdout,
        /the key [^"]*no-such-key of its bootstrap\.toml does not exist; the project's key is used/,
      );
      const again = await ok(runCli(project, ['up', '--json'], REAL));
      assert.deepEqual(
        [resultOf(again, 'alpine-0').status, resultOf(again, 'devbox-0').status],
        ['success', 'skipped'],
      );
      const { value } = await planBootstrap({
        config: { kind: 'file', path: configOf(project) },
        settings: { home: project.home },
      });
      assert.deepEqual(
        value.vms.map(({ vm, action, remoteDir, handshakeTimeoutMs }) => [vm, action, remoteDir, handshakeTimeoutMs]),
        [
          ['alpine-0', 'would-run', '/var/tmp/castra', 45_000],
          ['devbox-0', 'would-skip', '/var/tmp/castra/devbox', 30_000],
        ],
      );
    }));
});
