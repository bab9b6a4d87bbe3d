import type { Command } from 'commander';
import type { PortsOutcome } from '../../contract/ports.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { renderPorts } from '../render/ports.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly active?: boolean;
  readonly verbose?: boolean;
}

export function addPorts(program: Command, finish: Finish): void {
  program
    .command('ports')
    .description('list the port forwards of all VMs, and their conflicts')
    .option('--active', 'test the forwards of running VMs')
    .option('--verbose', 'also show the image, overlay and size of each VM')
    .addHelpText(
      'after',
      exampleText([
        ['castra ports', 'all forwards and their conflicts'],
        ['castra ports --active', 'also tests whether the guests answer'],
      ]),
    )
    .action(async ({ active = false, verbose = false }: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const options = { config, settings, active };
      const operation = async (run: Run) => (await import('../../operations/ports.ts')).ports(options, run);
      const outcome = (value: PortsOutcome) => renderPorts(value, verbose, process.stdout);
      const face = () => Promise.resolve(textFace({ outcome }));
      finish(await runSession({ command: 'ports', json, face, operation }));
    });
}
