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
    .description('show the port forwards of all VMs, and what is in their way')
    .option('--active', 'try the forwards of running VMs')
    .option('--verbose', 'show what each VM is made of as well')
    .addHelpText(
      'after',
      exampleText([
        ['castra ports', 'what is forwarded, and what is in the way'],
        ['castra ports --active', 'whether the guests answer'],
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
