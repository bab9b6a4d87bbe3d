import type { Command } from 'commander';
import type { UpOutcome, VmUpResult } from '../../contract/vms.ts';
import type { Run } from '../../operations/run.ts';
import { parseSeconds, readContext } from '../arguments.ts';
import { askAtTerminal } from '../consent.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { keepMemoryFlat } from '../memory.ts';
import { liveFace } from '../render/liveFace.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
  readonly waitLock?: boolean;
}

export function addUp(program: Command, finish: Finish): void {
  program
    .command('up')
    .description('start VMs and wait until they are ready')
    .argument('[vm...]', 'VMs or roles; the VMs that they need start too (default: all)')
    .option('--force', 'start even if processors, memory or disk space do not suffice')
    .option('--yes', 'do not ask before the first start of a project that reaches beyond its VMs')
    .option('--no-wait', 'return when QEMU runs, before the VM is ready')
    .option('--timeout <seconds>', 'how long to wait for each VM (default: ready_timeout_secs)', parseSeconds)
    .option('--wait-lock', 'wait while another command changes the project, instead of failing')
    .addHelpText(
      'after',
      exampleText([
        ['castra up', 'all VMs'],
        ['castra up web', 'the VM or all VMs of the role "web"'],
        ['castra up --no-wait && castra status --watch'],
        ['castra up --json | jq -c .', 'each step, for programs'],
      ]),
    )
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { force = false, yes = false, wait, timeout, waitLock = false } = flags;
      const limit = timeout === undefined ? {} : { timeoutMs: timeout };
      const consent = askAtTerminal({ yes, json, unasked: 'proceed' });
      const options = { config, settings, vms, force, wait, consent, waitLock, ...limit };
      keepMemoryFlat();
      const operation = async (run: Run) => (await import('../../operations/up.ts')).up(options, run);
      finish(await runSession({ command: 'up', json, face: () => liveFace(renderOutcome), operation }));
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
