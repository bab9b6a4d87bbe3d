import type { Command } from 'commander';
import type { Run } from '../../operations/run.ts';
import type { UpOutcome, VmUpResult } from '../../outcomes.ts';
import { parseSeconds, readContext } from '../arguments.ts';
import type { Finish } from '../program.ts';
import { plainDisplay, textFace } from '../render/text.ts';
import { type Face, runSession } from '../session.ts';

interface Flags {
  readonly force?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
}

export function addUp(program: Command, finish: Finish): void {
  program
    .command('up')
    .description('start VMs and wait until they are ready')
    .argument('[vm...]', 'VMs or roles, started with all that they need (default: all)')
    .option('--force', 'start although cpus, memory or disk do not suffice')
    .option('--no-wait', 'return as soon as QEMU runs')
    .option('--timeout <seconds>', 'how long to wait for each VM (default: ready_timeout_secs)', parseSeconds)
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { force = false, wait, timeout } = flags;
      const options = { config, settings, vms, force, wait, ...(timeout === undefined ? {} : { timeoutMs: timeout }) };
      const operation = async (run: Run) => (await import('../../operations/up.ts')).up(options, run);
      finish(await runSession({ command: 'up', json, face: makeFace, operation }));
    });
}

/** The live display is loaded only where it can be seen. */
async function makeFace(): Promise<Face> {
  const live = process.stdout.isTTY && process.env.TERM !== 'dumb';
  const display = live ? (await import('../render/live.ts')).liveDisplay(process.stdout) : plainDisplay;
  return textFace({ outcome: renderOutcome, display });
}

function renderOutcome({ vms }: UpOutcome): string {
  return vms.map(renderResult).join('');
}

function renderResult(vm: VmUpResult): string {
  if (vm.result !== 'ready' && vm.result !== 'launched') return '';
  const { sshPort, serialLog } = vm.launch;
  return `  ${vm.vm}: ssh on 127.0.0.1:${sshPort}, serial log ${serialLog}\n`;
}
