import type { Command } from 'commander';
import { CastraError } from '../../contract/failures.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { formatPath } from '../render/format.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly force?: boolean;
  readonly projectName?: string;
  readonly output?: string;
}

export function addInit(program: Command, finish: Finish): void {
  program
    .command('init')
    .description('write a commented castra.toml')
    .option('--force', 'overwrite an existing file')
    .option('--project-name <name>', 'name of the project (default: the name of its folder)')
    .option('-o, --output <path>', 'file to write (default: castra.toml)')
    .addHelpText(
      'after',
      exampleText([
        ['castra init', 'in this folder, with its name as project name'],
        ['castra init --project-name shop -o infra/castra.toml'],
      ]),
    )
    .action(async (flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      if (config.kind === 'project') {
        const detail = '--project names an existing project. Use --output to set the path of the new castra.toml.';
        throw new CastraError({ kind: 'usage', detail });
      }
      const outputPath = flags.output ?? (config.kind === 'file' ? config.path : 'castra.toml');
      const { force, projectName } = flags;
      const options = { outputPath, settings, ...(force ? { force } : {}), ...(projectName ? { projectName } : {}) };
      const face = () =>
        Promise.resolve(
          textFace({
            outcome: ({ configPath, stateRoot }: { configPath: string; stateRoot: string }) =>
              [
                `✔ Wrote ${formatPath(configPath)}`,
                `  state  → ${stateRoot}`,
                '',
                'Next: edit it, then `castra validate` and `castra up`.',
                '',
              ].join('\n'),
          }),
        );
      const operation = async (run: Run) => (await import('../../operations/init.ts')).init(options, run);
      finish(await runSession({ command: 'init', json, face, operation }));
    });
}
