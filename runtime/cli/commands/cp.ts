import type { Command } from 'commander';
import { CastraError } from '../../contract/failures.ts';
import type { CopyOutcome } from '../../contract/ssh.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import type { Finish } from '../finish.ts';
import { formatBytes } from '../render/format.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

const help = `
A path in a VM is VM:PATH; without a leading slash it starts from the user's home folder there. Names
are literal: no shell and no patterns in the VM. Write a local name with a colon as ./a:b.
  castra cp app.tar web:/srv/
  castra cp -r site web:            copies the whole folder, with or without -r
  castra cp web:/var/log/messages .
  castra cp -- -odd-name web:/tmp/

Copies keep modes, overwrite existing files and merge folders. Links inside folders stay links; a link
that you name is followed. FIFOs, sockets and devices are left out. An interrupted copy leaves what it
has copied. At most 200 folders in folders and 1,000,000 files; a copy from a VM stops while the disk of
this host still has 1 GiB (of a small disk, 5 %).`;

export function addCp(program: Command, finish: Finish): void {
  program
    .command('cp')
    .description('copy files and folders to or from a VM')
    .argument('<paths...>', 'SRC... DST, with VM:PATH on one side')
    .usage('[options] <SRC...> <DST>')
    .option('-r, --recursive', 'accepted for compatibility: folders are always copied whole')
    .addHelpText('after', help)
    .action(async (paths: string[], _flags: object, command: Command) => {
      const { config, settings, json } = readContext(command);
      const destination = paths.at(-1) ?? '';
      const sources = paths.slice(0, -1);
      if (sources.length === 0 || paths.includes('')) {
        throw new CastraError({ kind: 'usage', detail: 'Name what to copy and where to: `castra cp SRC... DST`.' });
      }
      const options = { config, settings, sources, destination, from: process.cwd() };
      const code = await runSession({
        command: 'cp',
        json,
        face: () => Promise.resolve(textFace({ outcome: renderOutcome })),
        operation: async (run: Run) => (await import('../../operations/copy.ts')).copy(options, run),
      });
      finish(code);
    });
}

function renderOutcome({ vm, direction, files, bytes }: CopyOutcome): string {
  const what = `${files === 1 ? '1 file' : `${files} files`}, ${formatBytes(bytes)}`;
  return `Copied ${what} ${direction === 'to-vm' ? 'to' : 'from'} ${vm}.\n`;
}
