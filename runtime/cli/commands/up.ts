import type { Command } from 'commander';
import type { UpOutcome, VmUpResult } from '../../contract/vms.ts';
import type { Run } from '../../operations/run.ts';
import { parseSeconds, readContext } from '../arguments.ts';
import { askAtTerminal } from '../ask/consent.ts';
import { askPassphraseAtTerminal } from '../ask/passphrase.ts';
import { mergeModes, parseModes } from '../bootstrapModes.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { keepMemoryFlat } from '../memory.ts';
import { drained } from '../pipe/drained.ts';
import { showPlan } from '../plan.ts';
import { liveFace } from '../render/liveFace.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly brokerOnly?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
  readonly bootstrap?: ReturnType<typeof parseModes>;
  readonly plan?: boolean;
  readonly verbose?: boolean;
  readonly waitLock?: boolean;
}

export function addUp(program: Command, finish: Finish): void {
  program
    .command('up')
    .description('start VMs and wait until they are ready')
    .argument('[vm...]', 'VMs or roles; the VMs that they need start too (default: all)')
    .option('--force', 'start even if processors, memory or disk space do not suffice')
    .option('--yes', 'do not ask before the first start of a project that reaches beyond its VMs')
    .option('--broker-only', 'start only the broker, for programs that wait for guests')
    .option('--no-wait', 'return when QEMU runs, before the VM is ready')
    .option('--timeout <seconds>', 'how long to wait for each VM (default: ready_timeout_secs)', parseSeconds)
    .option(
      '--bootstrap <modes>',
      'MODE or VM=MODE, comma-separated, can be repeated: auto, always, skip (default: as in castra.toml)',
      parseModes,
    )
    .option('--plan', 'only show which bootstraps would run, and why; starts and contacts nothing')
    .option('--verbose', 'print what bootstraps print')
    .option('--wait-lock', 'wait while another command changes the project, instead of failing')
    .addHelpText(
      'after',
      exampleText([
        ['castra up', 'all VMs'],
        ['castra up web', 'the VM or all VMs of the role "web"'],
        ['castra up --no-wait && castra status --watch'],
        ['castra up --bootstrap always,db=skip', 'run every bootstrap but that of db'],
        ['castra up --json | jq -c .', 'each step, for programs'],
      ]),
    )
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const {
        force = false,
        yes = false,
        brokerOnly = false,
        wait,
        timeout,
        bootstrap: items,
        plan,
        verbose = false,
        waitLock = false,
      } = flags;
      const bootstrap = mergeModes(items ?? []);
      if (plan) {
        finish(await showPlan('up', { config, settings, vms, modes: bootstrap, withNeeds: true }, json));
        return;
      }
      const limit = timeout === undefined ? {} : { timeoutMs: timeout };
      const consent = askAtTerminal({ yes, json, unasked: 'proceed' });
      const askPassphrase = askPassphraseAtTerminal(json);
      const options = {
        config,
        settings,
        vms,
        force,
        brokerOnly,
        wait,
        consent,
        waitLock,
        ...limit,
        bootstrap,
        askPassphrase,
        drained,
      };
      keepMemoryFlat();
      const operation = async (run: Run) => (await import('../../operations/up.ts')).up(options, run);
      const face = () => liveFace(renderOutcome, { verbose });
      finish(await runSession({ command: 'up', json, face, operation }));
    });
}

function renderOutcome({ vms }: UpOutcome): string {
  return vms.map(renderResult).join('');
}

function renderResult(vm: VmUpResult): string {
  if (vm.result !== 'ready' && vm.result !== 'launched') return '';
  const { sshPort, serialLog } = vm.launch;
  return `  ${vm.vm}: \`castra ssh ${vm.vm}\` (127.0.0.1:${sshPort}), serial log ${serialLog}\n`;
}
