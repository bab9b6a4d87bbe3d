import type { Command } from 'commander';
import type { UpOutcome, VmUpResult } from '../../contract/vms.ts';
import type { Run } from '../../operations/run.ts';
import { parseSeconds, readContext } from '../arguments.ts';
import type { Finish } from '../finish.ts';
import { keepMemoryFlat } from '../memory.ts';
import { liveFace } from '../render/liveFace.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly force?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
}

export function addUp(program: Command, finish: Finish): void {
  program
    .command('up')
    .description('start VMs and wait until they are ready')
    .argument('[vm...]', 'VMs or roles; the VMs that they need start too (default: all)')
    .option('--force', 'start even if processors, memory or disk space do not suffice')
    .option('--no-wait', 'return when QEMU runs, before the VM is ready')
    .option('--timeout <seconds>', 'how long to wait for each VM (default: ready_timeout_secs)', parseSeconds)
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { force = false, wait, timeout } = flags;
      const options = { config, settings, vms, force, wait, ...(timeout === undefined ? {} : { timeoutMs: timeout }) };
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
