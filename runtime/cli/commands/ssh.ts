import { type Command, Option } from 'commander';
import { CastraError } from '../../contract/failures.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import type { Finish } from '../finish.ts';
import { besideGuest, textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

const help = `
Put options of castra before VM; everything after it is the command. One word is a line for the
guest's shell; several words reach the program exactly as you typed them:
  castra ssh web                               a shell
  castra ssh web -- uname -a
  castra ssh web 'cd /srv && ls | wc -l'       one word: a line for the guest's shell
  castra ssh web -- sh -c 'echo $HOME'         several words: no double quoting
  tar c . | castra ssh web -- tar x -C /srv    standard input is the command's

The exit code is the command's own; 255 when SSH failed, and also when a signal ended the command,
which the system's ssh does not tell (\`castra exec\` does). --json is not supported, because the
output is the command's; use \`castra exec --json VM -- CMD\`.`;

export function addSsh(program: Command, finish: Finish): void {
  program
    .command('ssh')
    .description('log in to a VM, or run a command in it')
    .argument('[vm]', 'a VM, or a role of which one VM runs (default: the only one that runs)')
    .argument('[command...]', 'the command to run (default: a login shell)')
    .addOption(new Option('--stay', 'for editors: a shell that is cut off says why, and connects again').hideHelp())
    .passThroughOptions()
    .addHelpText('after', help)
    .action(async (vm: string | undefined, words: string[], flags: { readonly stay?: boolean }, command: Command) => {
      const { config, settings, json } = readContext(command);
      if (json) {
        const detail =
          '`castra ssh` passes the terminal through and does not support --json. Use `castra exec --json VM -- CMD`.';
        throw new CastraError({ kind: 'usage', detail });
      }
      const name = vm === undefined ? {} : { vm };
      const options = { config, settings, ...name, command: words[0] === '--' ? words.slice(1) : words };
      const session = () =>
        runSession({
          command: 'ssh',
          json,
          face: () => Promise.resolve(textFace({ outcome: () => '', display: besideGuest })),
          operation: async (run: Run) => (await import('../../operations/ssh.ts')).ssh(options, run),
          exitCode: (value) => value.exitCode,
        });
      if (!flags.stay || vm === undefined) return finish(await session());
      finish(await (await import('../shellAgain.ts')).shellAgain({ config, settings, vm }, session));
    });
}
