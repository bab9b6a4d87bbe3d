import type { Command } from 'commander';
import type { RebootOutcome } from '../../contract/vms.ts';
import type { Run } from '../../operations/run.ts';
import { parseSeconds, readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly hard?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
}

export function addReboot(program: Command, finish: Finish): void {
  program
    .command('reboot')
    .description('reboot VMs and wait until they are ready again; their disks stay')
    .argument('[vm...]', 'VMs or roles (default: all running VMs)')
    .option('--hard', 'reset the machine instead of asking the guest over SSH; unsaved data is lost')
    .option('--no-wait', 'return when the guest restarts, before it is ready')
    .option('--timeout <seconds>', 'how long to wait for each VM (default: ready_timeout_secs)', parseSeconds)
    .addHelpText(
      'after',
      exampleText([
        ['castra reboot web', 'the guest runs reboot(8); as another user than root, through sudo'],
        ['castra reboot --hard db', 'a guest that hangs or has panicked'],
      ]),
    )
    .action(async (vms: string[], { hard = false, wait, timeout }: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const limit = timeout === undefined ? {} : { timeoutMs: timeout };
      const options = { config, settings, vms, hard, wait, ...limit };
      const operation = async (run: Run) => (await import('../../operations/reboot.ts')).reboot(options, run);
      const face = () => Promise.resolve(textFace({ outcome: renderOutcome }));
      finish(await runSession({ command: 'reboot', json, face, operation }));
    });
}

function renderOutcome({ vms }: RebootOutcome): string {
  if (vms.length === 0) return 'No VM is running.\n';
  return `${vms.length === 1 ? '1 VM' : `${vms.length} VMs`} rebooted.\n`;
}
