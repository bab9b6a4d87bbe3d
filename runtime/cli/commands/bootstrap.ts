import type { Command } from 'commander';
import type { BootstrapMode } from '../../config/project.ts';
import type { BootstrapOutcome } from '../../contract/bootstrap.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { askPassphraseAtTerminal } from '../ask/passphrase.ts';
import { parseMode } from '../bootstrapModes.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { keepMemoryFlat } from '../memory.ts';
import { drained } from '../pipe/drained.ts';
import { showPlan } from '../plan.ts';
import { liveFace } from '../render/liveFace.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly mode?: BootstrapMode;
  readonly step?: string;
  readonly plan?: boolean;
  readonly verbose?: boolean;
}

export function addBootstrap(program: Command, finish: Finish): void {
  program
    .command('bootstrap')
    .description('set up running VMs again: copy their payloads and run their scripts')
    .argument('[vm...]', 'VMs or roles (default: all running VMs)')
    .option('--mode <mode>', 'auto: only if something changed; always; skip (default: run what there is)', parseMode)
    .option('--step <name>', 'only this step of bootstrap.toml')
    .option('--plan', 'only show what `castra up` would run, and why; contacts no VM')
    .option('--verbose', 'print what the scripts print')
    .addHelpText(
      'after',
      exampleText([
        ['castra bootstrap web', 'run its script or steps again'],
        ['castra bootstrap --step app --verbose web'],
        ['castra bootstrap --plan', 'what would run, and why'],
        ['castra logs -f --source bootstrap web', 'what the scripts print'],
      ]),
    )
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { mode, step, plan, verbose = false } = flags;
      if (plan) {
        const modes = mode === undefined ? {} : { all: mode };
        finish(await showPlan('bootstrap', { config, settings, vms, modes }, json));
        return;
      }
      const chosen = { ...(mode === undefined ? {} : { mode }), ...(step === undefined ? {} : { step }) };
      const askPassphrase = askPassphraseAtTerminal(json);
      const options = { config, settings, vms, ...chosen, askPassphrase, drained };
      keepMemoryFlat();
      const operation = async (run: Run) => (await import('../../operations/bootstrap.ts')).bootstrap(options, run);
      const face = () => liveFace(renderOutcome, { verbose });
      finish(await runSession({ command: 'bootstrap', json, face, operation }));
    });
}

/** What happened was printed as it came. */
const renderOutcome = (_: BootstrapOutcome): string => '';
