import type { Command } from 'commander';
import type { Output } from '../../contract/output.ts';
import { silent } from '../../contract/reporter.ts';
import { encodeLine } from '../../contract/stream.ts';
import type { StatusOutcome } from '../../contract/vms.ts';
import type { Run } from '../../operations/run.ts';
import { pause } from '../../process/pause.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { harmless } from '../render/print.ts';
import { renderStatus } from '../render/status.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

const VM_IN_ERROR = 1;
const WATCH_EVERY_MS = 1000;

export function addStatus(program: Command, finish: Finish): void {
  program
    .command('status')
    .description('show the state of each VM; exits with 1 if a VM is in state error')
    .argument('[vm...]', 'VMs or roles (default: all)')
    .option('--watch', 'refresh every second until Ctrl-C')
    .addHelpText(
      'after',
      exampleText([
        ['castra status'],
        ['castra status --watch'],
        ['castra status --json | tail -1', 'one object, for programs'],
        ['castra status --project shop', 'from any folder'],
      ]),
    )
    .action(async (vms: string[], flags: { readonly watch?: boolean }, command: Command) => {
      const { config, settings, json } = readContext(command);
      const options = { config, settings, vms };
      const render = (value: StatusOutcome) => renderStatus(value, process.stdout);
      const code = await runSession({
        command: 'status',
        json,
        // What --watch showed last stays on the screen.
        face: () => Promise.resolve(textFace({ outcome: flags.watch ? () => '' : render })),
        operation: async (run) => {
          const { status } = await import('../../operations/status.ts');
          return flags.watch ? watch((quietly) => status(options, quietly), json, run) : status(options, run);
        },
        exitCode: ({ vms }) => (vms.some((vm) => vm.state === 'error') ? VM_IN_ERROR : 0),
      });
      finish(code);
    });
}

/** Shows the picture again and again; the last one is the outcome. */
async function watch(
  look: (run: Run) => Promise<Output<StatusOutcome>>,
  json: boolean,
  run: Run,
): Promise<Output<StatusOutcome>> {
  const show = json ? showJson() : await showText();
  let once = run;
  for (;;) {
    const output = await look(once);
    // The first look reported what is wrong with the file.
    once = { ...run, report: silent };
    if (run.signal.aborted || !process.stdout.writable) return output;
    show(output.value);
    await pause(WATCH_EVERY_MS, run.signal);
  }
}

/** Uptime changes with every look; a new line is worth it only when something else did. */
function showJson(): (outcome: StatusOutcome) => void {
  let last = '';
  return (outcome) => {
    const picture = JSON.stringify(outcome, (key, value: unknown) => (key === 'uptimeMs' ? undefined : value));
    if (picture !== last) process.stdout.write(encodeLine({ type: 'snapshot', outcome }));
    last = picture;
  };
}

async function showText(): Promise<(outcome: StatusOutcome) => void> {
  if (!process.stdout.isTTY) return (outcome) => process.stdout.write(`${renderStatus(outcome, process.stdout)}\n`);
  const { createLogUpdate } = await import('log-update');
  const log = createLogUpdate(process.stdout);
  return (outcome) => log(harmless(renderStatus(outcome, process.stdout), process.stdout));
}
