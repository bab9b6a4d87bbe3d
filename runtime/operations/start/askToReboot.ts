import { CastraError } from '../../contract/failures.ts';
import { pause } from '../../process/pause.ts';
import { Capture } from '../../ssh/captured.ts';
import { remoteCommand } from '../../ssh/commandLine.ts';
import { startRemote } from '../../ssh/remoteProcess.ts';
import type { LaunchRecord } from '../../state/record.ts';
import type { Run } from '../run.ts';
import { type SshPlace, targetOf } from '../ssh/sshFiles.ts';

/** ssh gives commands a short PATH, and Debian keeps reboot(8) in /sbin. */
const SCRIPT = `PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" = 0 ]; then exec reboot; fi
if command -v sudo >/dev/null; then exec sudo -n reboot; fi
exec doas -n reboot`;
const SAID_BYTES = 500;

export interface AskedGuest {
  readonly place: SshPlace;
  readonly record: LaunchRecord;
  /** How long it may take until it restarts. */
  readonly graceMs: number;
}

/** Has the guest reboot itself, and waits until QEMU says that it does. Fails with `not-rebooted`. */
export async function askToReboot(asked: AskedGuest, reset: Promise<void>, run: Run): Promise<void> {
  const { place, record, graceMs } = asked;
  const { vm } = record;
  const over = new AbortController();
  const signal = AbortSignal.any([run.signal, over.signal]);
  const remote = await startRemote(
    targetOf(place, record),
    { line: remoteCommand(['sh', '-c', SCRIPT]) ?? '' },
    signal,
  );
  const said = new Capture(SAID_BYTES);
  const reading = Promise.all([said.read(remote.stderr), remote.stdout.resume()]).catch(() => undefined);
  const fail = (detail: string): never => {
    const advice = `\`castra reboot --hard ${vm}\` resets it like the button of a machine.`;
    throw new CastraError({ kind: 'not-rebooted', vm, detail: `${detail} ${advice}` });
  };
  try {
    const refused = remote.end.then(async (end) => {
      await reading;
      // A guest that goes down may take the command with it.
      if (end.kind !== 'exited' || end.exitCode === 0) return new Promise<never>(() => undefined);
      return `the guest refuses (${said.captured().bytes.toString('utf8').trim() || `exit code ${end.exitCode}`}).`;
    });
    const late = pause(graceMs, signal).then(() => `the guest has not restarted within ${graceMs / 1000} s.`);
    const trouble = await Promise.race([reset.then(() => undefined), refused, late]);
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (trouble !== undefined) fail(trouble);
  } finally {
    over.abort();
    remote.kill();
  }
}
