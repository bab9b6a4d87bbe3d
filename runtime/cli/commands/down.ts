import type { Command } from 'commander';
import { DEFAULTS } from '../../config/defaults.ts';
import { CastraError } from '../../contract/failures.ts';
import type { DownOutcome } from '../../contract/vms.ts';
import type { ShutdownWaits } from '../../contract/vocabulary.ts';
import type { Run } from '../../operations/run.ts';
import { parseSeconds, readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { formatBytes } from '../render/format.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly keepOverlay?: boolean;
  readonly gracefulWaitSecs?: number;
  readonly sigtermWaitSecs?: number;
  readonly sigkillWaitSecs?: number;
  readonly waitLock?: boolean;
}

export function addDown(program: Command, finish: Finish): void {
  const waits = DEFAULTS.lifecycle;
  program
    .command('down')
    .description('stop VMs: ask the guest, then SIGTERM, then SIGKILL')
    .argument('[vm...]', 'VMs or roles (default: all running VMs)')
    .option(
      '--graceful-wait-secs <n>',
      `how long the guest may take (default: graceful_shutdown_wait_secs in [lifecycle], else ${waits.graceful_shutdown_wait_secs})`,
      parseSeconds,
    )
    .option(
      '--sigterm-wait-secs <n>',
      `how long QEMU may take after SIGTERM (default: sigterm_wait_secs there, else ${waits.sigterm_wait_secs})`,
      parseSeconds,
    )
    .option(
      '--sigkill-wait-secs <n>',
      `how long the kernel may take after SIGKILL (default: sigkill_wait_secs there, else ${waits.sigkill_wait_secs})`,
      parseSeconds,
    )
    .option('--keep-overlay', "keep the VMs' overlays instead of discarding them; `castra export` copies them")
    .option('--wait-lock', 'wait while another command changes the project, instead of failing')
    .addHelpText(
      'after',
      exampleText([
        ['castra down', 'all running VMs, even those no longer in castra.toml'],
        ['castra down --keep-overlay db', 'keeps its disk; castra export copies it'],
        ['castra down --graceful-wait-secs 0', 'at once, without waiting for the guests'],
      ]),
    )
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { keepOverlay = false, waitLock = false } = flags;
      const options = { config, settings, vms, waits: readWaits(flags), keepOverlay, waitLock };
      const operation = async (run: Run) => (await import('../../operations/down.ts')).down(options, run);
      const face = () => Promise.resolve(textFace({ outcome: renderOutcome }));
      finish(await runSession({ command: 'down', json, face, operation }));
    });
}

function readWaits(flags: Flags): Partial<ShutdownWaits> {
  const { gracefulWaitSecs, sigtermWaitSecs, sigkillWaitSecs } = flags;
  if (sigkillWaitSecs === 0) {
    throw new CastraError({ kind: 'usage', detail: '--sigkill-wait-secs must be more than 0.' });
  }
  return {
    ...(gracefulWaitSecs === undefined ? {} : { gracefulMs: gracefulWaitSecs }),
    ...(sigtermWaitSecs === undefined ? {} : { sigtermMs: sigtermWaitSecs }),
    ...(sigkillWaitSecs === undefined ? {} : { sigkillMs: sigkillWaitSecs }),
  };
}

function renderOutcome({ vms }: DownOutcome): string {
  const stopped = vms.flatMap((vm) => (vm.result === 'stopped' ? [vm] : []));
  const changed = stopped.filter((vm) => vm.changed);
  const reclaimed = stopped.reduce((sum, vm) => sum + vm.reclaimedBytes, 0);
  const forced = changed.filter((vm) => vm.outcome === 'forced').map((vm) => vm.vm);
  const freed = reclaimed === 0 ? '' : ` ${formatBytes(reclaimed)} reclaimed.`;
  if (changed.length === 0) return `No VM was running.${freed}\n`;
  const note = forced.length === 0 ? '' : ` Forced: ${forced.join(', ')}.`;
  return `${changed.length === 1 ? '1 VM' : `${changed.length} VMs`} stopped.${freed}${note}\n`;
}
