import type { Command } from 'commander';
import type { CancelOutcome } from '../../contract/project.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

export function addCancel(program: Command, finish: Finish): void {
  program
    .command('cancel')
    .description('cancel the commands that are changing the project, in whatever terminal or window they were started')
    .argument('[vm...]', 'VMs or roles: only commands that change one of them (default: all commands)')
    .addHelpText(
      'after',
      exampleText([
        ['castra cancel', 'a start that takes too long'],
        ['castra cancel web', 'and not what others start meanwhile'],
      ]),
    )
    .action(async (vms: string[], _flags: object, command: Command) => {
      const { config, settings, json } = readContext(command);
      const options = { config, settings, vms };
      const operation = async (run: Run) => (await import('../../operations/cancel.ts')).cancel(options, run);
      const face = () => Promise.resolve(textFace({ outcome: renderOutcome }));
      finish(await runSession({ command: 'cancel', json, face, operation }));
    });
}

function renderOutcome({ operations, ended }: CancelOutcome): string {
  if (operations.length === 0) return ended ? 'No command is changing this project.\n' : '';
  const end = ended ? 'was cancelled' : 'was asked to stop; not all have ended yet';
  return operations.map(({ command, pid }) => `castra ${command} (pid ${pid}) ${end}.\n`).join('');
}
