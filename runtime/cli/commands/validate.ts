import type { Command } from 'commander';
import { exitCodes } from '../../contract/failures.ts';
import type { ValidateOutcome } from '../../contract/project.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { formatPath } from '../render/format.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

export function addValidate(program: Command, finish: Finish): void {
  program
    .command('validate')
    .description('list every error in castra.toml and each bootstrap.toml')
    .argument('[path]', 'the file (default: the nearest castra.toml in this folder or above)')
    .addHelpText(
      'after',
      exampleText([
        ['castra validate'],
        ['castra validate --json | tail -1', 'valid or not, and the number of findings'],
      ]),
    )
    .action(async (path: string | undefined, _flags: object, command: Command) => {
      const { config, settings, json } = readContext(command, path);
      const code = await runSession({
        command: 'validate',
        json,
        face: () => Promise.resolve(textFace({ outcome: renderOutcome })),
        operation: async (run) => (await import('../../operations/validate.ts')).validate({ config, settings }, run),
        exitCode: (value) => (value.valid ? 0 : exitCodes['config-invalid']),
      });
      finish(code);
    });
}

function renderOutcome({ configPath, bootstrapPaths, valid, errors, warnings }: ValidateOutcome): string {
  const others = bootstrapPaths.length === 0 ? '' : ` with ${plural(bootstrapPaths.length, 'bootstrap.toml file')}`;
  const path = formatPath(configPath) + others;
  const also = warnings === 0 ? '' : `, ${plural(warnings, 'warning')}`;
  return valid ? `✔ ${path} is valid${also}.\n` : `✘ ${path}: ${plural(errors, 'error')}${also}.\n`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
