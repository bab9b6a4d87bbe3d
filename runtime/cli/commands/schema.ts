import { Argument, type Command } from 'commander';
import type { SchemaOptions } from '../../contract/project.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import type { Finish } from '../finish.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

export function addSchema(program: Command, finish: Finish): void {
  program
    .command('schema')
    .description('print the JSON Schema of castra.toml, or of bootstrap.toml, for editors')
    .addArgument(
      new Argument('[file]', 'the file that the schema describes').choices(['castra', 'bootstrap']).default('castra'),
    )
    .addHelpText('after', help)
    .action(async (file: NonNullable<SchemaOptions['file']>, _flags: object, command: Command) => {
      const { json } = readContext(command);
      const code = await runSession({
        command: 'schema',
        json,
        face: () => Promise.resolve(textFace({ outcome: (value) => `${JSON.stringify(value, undefined, 2)}\n` })),
        operation: async (run: Run) => (await import('../../operations/schema.ts')).schema({ file }, run),
      });
      finish(code);
    });
}

const help = `
Examples:
  castra schema > castra.schema.json    # and "#:schema ./castra.schema.json" as the first line of castra.toml
  castra schema bootstrap > bootstrap.schema.json`;
