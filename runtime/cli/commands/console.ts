import type { Command } from 'commander';
import { CastraError } from '../../contract/failures.ts';
import type { Output } from '../../contract/output.ts';
import type { ConsoleOptions } from '../../contract/ssh.ts';
import type { OpenConsole } from '../../operations/console.ts';
import type { Run } from '../../operations/run.ts';
import type { ConsoleEnd } from '../../vm/console.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';
import { enterRawMode } from '../terminal.ts';

export function addConsole(program: Command, finish: Finish): void {
  program
    .command('console')
    .description('attach to the serial console of a VM; Ctrl-] detaches')
    .argument('[vm]', 'a VM, or a role that has only one (default: the only one that runs)')
    .addHelpText(
      'after',
      exampleText([
        ['castra console web', 'log in without a network; Ctrl-] detaches'],
        ['echo poweroff | castra console web'],
      ]),
    )
    .action(async (vm: string | undefined, _flags: object, command: Command) => {
      const { config, settings, json } = readContext(command);
      if (json) {
        const detail =
          '`castra console` passes a terminal through and does not support --json. Use `castra logs --json`.';
        throw new CastraError({ kind: 'usage', detail });
      }
      const operation = (run: Run) => attach({ config, settings, ...(vm === undefined ? {} : { vm }) }, run);
      const face = () => Promise.resolve(textFace({ outcome: () => '' }));
      finish(await runSession({ command: 'console', json, face, operation }));
    });
}

async function attach(options: ConsoleOptions, run: Run): Promise<Output<ConsoleEnd>> {
  const { openConsole } = await import('../../operations/console.ts');
  const { relayConsole } = await import('../../vm/console.ts');
  const { value } = await openConsole(options, run);
  const interactive = process.stdin.isTTY;
  process.stderr.write(`Connected to ${value.vm}${interactive ? '; Ctrl-] detaches' : ''}.\n`);
  const leaveRawMode = enterRawMode(process.stdin);
  const { stdin: input, stdout: output } = process;
  try {
    const end = await relayConsole(value.connection, { input, output, signal: run.signal, interactive });
    leaveRawMode();
    if (end === 'cancelled') throw new CastraError({ kind: 'cancelled' });
    const said = await explain(end, value);
    if (said) process.stderr.write(`${interactive ? '\r\n' : ''}${said}\n`);
    return { value: end, diagnostics: [] };
  } finally {
    leaveRawMode();
    // An open standard input would keep the process alive.
    input.destroy();
  }
}

/** QEMU closes its sockets some milliseconds before it is gone. */
const END_WAIT_MS = 1000;
const LOOK_EVERY_MS = 20;

async function explain(end: ConsoleEnd, { vm, stateRoot }: OpenConsole): Promise<string> {
  if (end === 'left') return `Detached from ${vm}; it keeps running.`;
  if (end !== 'closed') return '';
  const { inspectVm } = await import('../../state/liveness.ts');
  const deadline = performance.now() + END_WAIT_MS;
  while (performance.now() < deadline) {
    if (inspectVm(stateRoot, vm).kind !== 'running') return `${vm} ended.`;
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
  return `QEMU closed the console of ${vm}; the VM keeps running.`;
}
