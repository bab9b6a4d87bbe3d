import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ExportOutcome, ExportSource } from '../../contract/disks.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import type { Finish } from '../finish.ts';
import { formatBytes, formatPath } from '../render/format.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

export function addExport(program: Command, finish: Finish): void {
  program
    .command('export')
    .description("copy a VM's disk to one qcow2 file that needs no base image")
    .argument('<vm>', 'a running VM, or one that was stopped with --keep-overlay')
    .argument('<file>', 'the file to write')
    .option('--force', 'replace an existing file')
    .addHelpText('after', help)
    .action(async (vm: string, file: string, flags: { readonly force?: boolean }, command: Command) => {
      const { config, settings, json } = readContext(command);
      const options = { config, settings, vm, outputPath: resolve(file), force: flags.force ?? false };
      const operation = async (run: Run) => (await import('../../operations/export.ts')).exportVm(options, run);
      const face = () => Promise.resolve(textFace({ outcome: renderOutcome }));
      finish(await runSession({ command: 'export', json, face, operation }));
    });
}

const help = `
The copy of a running VM's disk is as after a power failure at this moment; run \`sync\` in the guest first.

Examples:
  castra export web-0 backup.qcow2
  castra down --keep-overlay && castra export web-0 backup.qcow2`;

const sourceWords: Readonly<Record<ExportSource, string>> = {
  running: 'its disk as it is now',
  stopped: 'the overlay of its last run',
  kept: 'its kept overlay',
};

function renderOutcome({ vm, source, from, path, bytes }: ExportOutcome): string {
  return `✔ ${vm}: ${sourceWords[source]} (${from})\n  → ${formatPath(path)} (${formatBytes(bytes)})\n`;
}
