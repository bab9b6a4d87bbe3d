import type { Command } from 'commander';

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of castra.toml, for editors')
    .addHelpText('after', help)
    .action(async () => {
      const { default: schema } = await import('../../config/castra.schema.json', { with: { type: 'json' } });
      process.stdout.write(`${JSON.stringify(schema, undefined, 2)}\n`);
    });
}

const help = `
Example:
  castra schema > castra.schema.json    # and "#:schema ./castra.schema.json" as the first line of castra.toml`;
