import type { Command } from 'commander';
import type { ListOutcome } from '../../contract/project.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { renderList } from '../render/list.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

export function addList(program: Command, finish: Finish): void {
  program
    .command('list')
    .description('list all projects that ran on this host, and their VMs')
    .addHelpText('after', exampleText([['castra list'], ['castra down --project shop', 'works from any folder']]))
    .action(async (_flags: object, command: Command) => {
      const { settings, json } = readContext(command);
      const operation = async (run: Run) => (await import('../../operations/list.ts')).list({ settings }, run);
      const outcome = (value: ListOutcome) => renderList(value, process.stdout);
      finish(
        await runSession({ command: 'list', json, face: () => Promise.resolve(textFace({ outcome })), operation }),
      );
    });
}
