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
    .description('cancel the command that is changing the project, in whatever terminal or window it was started')
    .addHelpText(
      'after',
      exampleText([
        ['castra cancel', 'a start that takes too long'],
        ['castra cancel --project shop', 'from another folder'],
      ]),
    )
    .action(async (_flags: object, command: Command) => {
      const { config, settings, json } = readContext(command);
      const options = { config, settings };
      const operation = async (run: Run) => (await import('../../operations/cancel.ts')).cancel(options, run);
      const face = () => Promise.resolve(textFace({ outcome: renderOutcome }));
      finish(await runSession({ command: 'cancel', json, face, operation }));
    });
}

function renderOutcome({ operation, ended }: CancelOutcome): string {
  if (operation === undefined) return 'No command is changing this project.\n';
  const who = `castra ${operation.command} (pid ${operation.pid})`;
  return ended ? `${who} was cancelled.\n` : `${who} was asked to stop, and has not ended yet.\n`;
}
