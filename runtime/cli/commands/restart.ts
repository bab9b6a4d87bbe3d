import type { Command } from 'commander';
import type { UpOutcome } from '../../contract/vms.ts';
import type { Run } from '../../operations/run.ts';
import { parseSeconds, readContext } from '../arguments.ts';
import { askAtTerminal } from '../ask/consent.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { keepMemoryFlat } from '../memory.ts';
import { liveFace } from '../render/liveFace.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly keepOverlay?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
}

export function addRestart(program: Command, finish: Finish): void {
  program
    .command('restart')
    .description('stop VMs and start them as castra.toml says now, with new disks')
    .argument('[vm...]', 'VMs or roles (default: all running VMs)')
    .option('--yes', 'do not ask before the disks of running VMs are discarded')
    .option('--keep-overlay', 'put the disks aside instead of discarding them')
    .option('--force', 'start even if processors, memory or disk space do not suffice')
    .option('--no-wait', 'return when QEMU runs, before the VM is ready')
    .option('--timeout <seconds>', 'how long to wait for each VM (default: ready_timeout_secs)', parseSeconds)
    .addHelpText(
      'after',
      exampleText([
        ['castra restart web', 'asks first: what was written to the disk of web is lost'],
        ['castra restart --yes', 'all running VMs'],
        ['castra reboot web', 'keeps the disk'],
      ]),
    )
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { keepOverlay = false, force = false, yes = false, wait, timeout } = flags;
      const limit = timeout === undefined ? {} : { timeoutMs: timeout };
      const consent = askAtTerminal({ yes, json, unasked: 'refuse' });
      const options = { config, settings, vms, keepOverlay, force, wait, consent, ...limit };
      keepMemoryFlat();
      const operation = async (run: Run) => (await import('../../operations/restart.ts')).restart(options, run);
      finish(await runSession({ command: 'restart', json, face: () => liveFace(renderOutcome), operation }));
    });
}

function renderOutcome({ vms }: UpOutcome): string {
  if (vms.length === 0) return 'No VM is running.\n';
  return `${vms.length === 1 ? '1 VM' : `${vms.length} VMs`} restarted.\n`;
}
