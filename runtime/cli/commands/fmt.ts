import type { Command } from 'commander';
import type { FormatOutcome } from '../../contract/project.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { formatPath } from '../render/format.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

/** As formatters do that can also only look. */
const NOT_FORMATTED = 1;

export function addFmt(program: Command, finish: Finish): void {
  program
    .command('fmt')
    .description('format castra.toml: changes only white space, not comments or order')
    .argument('[path]', 'the file (default: the nearest castra.toml in this folder or above)')
    .option('--check', `change nothing, and exit with ${NOT_FORMATTED} if the file is not formatted`)
    .addHelpText(
      'after',
      exampleText([['castra fmt'], ['castra fmt --check', 'for CI: changes nothing, exits with 1']]),
    )
    .action(async (path: string | undefined, { check = false }: { check?: boolean }, command: Command) => {
      const { config, settings, json } = readContext(command, path);
      const code = await runSession({
        command: 'fmt',
        json,
        face: () => Promise.resolve(textFace({ outcome: renderOutcome })),
        operation: async (run: Run) =>
          (await import('../../operations/format.ts')).format({ config, settings, check }, run),
        exitCode: ({ formatted }) => (formatted ? 0 : NOT_FORMATTED),
      });
      finish(code);
    });
}

function renderOutcome({ configPath, formatted, changed }: FormatOutcome): string {
  const path = formatPath(configPath);
  if (!formatted) return `✘ ${path} is not formatted. Run \`castra fmt\`.\n`;
  return changed ? `✔ Formatted ${path}.\n` : `✔ ${path} is formatted.\n`;
}
