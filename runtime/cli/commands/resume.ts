import type { Command } from 'commander';
import type { ResumeOutcome } from '../../contract/vms.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly waitLock?: boolean;
}

export function addResume(program: Command, finish: Finish): void {
  program
    .command('resume')
    .description('continue VMs that stand still: paused, asleep, or stopped by a full disk of this host')
    .argument('[vm...]', 'VMs or roles (default: all running VMs)')
    .option('--wait-lock', 'wait while another command changes the project, instead of failing')
    .addHelpText(
      'after',
      exampleText([
        ['castra resume', 'all VMs that stand still'],
        ['castra resume db', 'after `castra status` showed it as paused'],
      ]),
    )
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const options = { config, settings, vms, waitLock: flags.waitLock ?? false };
      const operation = async (run: Run) => (await import('../../operations/resume.ts')).resume(options, run);
      const face = () => Promise.resolve(textFace({ outcome: renderOutcome }));
      finish(await runSession({ command: 'resume', json, face, operation }));
    });
}

function renderOutcome({ vms }: ResumeOutcome): string {
  const resumed = vms.filter(({ result }) => result === 'resumed').length;
  if (vms.length === 0) return 'No VM is running.\n';
  if (resumed === 0) return vms.length === 1 ? 'It was running already.\n' : 'All VMs were running already.\n';
  return `${resumed === 1 ? '1 VM' : `${resumed} VMs`} resumed.\n`;
}
