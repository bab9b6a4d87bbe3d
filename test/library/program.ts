// Compiled by embed.test.ts against what ships, as a program that embeds Castra would be. It never runs.
import {
  CastraError,
  configFromObject,
  describe,
  down,
  exec,
  type Failure,
  type FailureOf,
  openVm,
  readSettings,
  up,
} from 'castra/runtime';

const settings = readSettings(process.env);
const config = configFromObject(
  { version: '0.2.0', vms: [{ name: 'web', ports: [80], nested: { a: true } }] },
  '/p.toml',
);

/** Each kind has its own fields, and no kind is left over. */
export function explain(failure: Failure): string {
  switch (failure.kind) {
    case 'not-ready':
      return failure.serialTail.join('\n') + failure.logPath;
    case 'busy':
      return `${failure.command} ${failure.pid ?? '?'}`;
    case 'config-invalid':
      return failure.diagnostics.map(({ code }) => code).join();
    case 'up-failed':
      return failure.vms.flatMap((vm) => (vm.result === 'failed' ? [vm.failure.kind] : [])).join();
    case 'command-timed-out':
      return `${failure.vm} ${failure.timeoutMs.toFixed()}`;
    case 'state-root-foreign': {
      const found: 'unknown' | 'copy' | 'other-project' | 'link' | 'not-a-folder' | string = failure.found;
      return found;
    }
    default:
      // @ts-expect-error: only kinds handled above have these fields
      failure.serialTail satisfies unknown;
      return describe(failure);
  }
}

export async function main(): Promise<void> {
  try {
    const { value } = await up({ config, settings });
    for (const vm of value.vms) {
      if (vm.result === 'ready') vm.launch.sshPort.toFixed();
      if (vm.result === 'already-running') vm.launch?.forwards.map(({ host }) => host);
      // @ts-expect-error: a cancelled VM has no launch
      if (vm.result === 'cancelled') vm.launch satisfies unknown;
    }
    await exec({ config, settings, command: ['true'], capture: { maxBytes: 1000 }, input: new Uint8Array(3) }, {});
    await using vm = await openVm({ config, settings, vm: 'web' });
    const { stdout, exitCode } = await vm.exec('true', { signal: AbortSignal.timeout(1000) });
    stdout.toString('hex').concat(String(exitCode));
  } catch (error) {
    if (!(error instanceof CastraError)) throw error;
    if (error.failure.kind === 'host-key-mismatch') {
      const exact: FailureOf<'host-key-mismatch'> = error.failure;
      exact.vm.concat(exact.detail);
    }
  } finally {
    await down({ config, settings });
  }
}
