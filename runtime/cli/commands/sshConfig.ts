import type { Command } from 'commander';
import type { SshConfigOutcome } from '../../contract/ssh.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import type { Finish } from '../finish.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

const help = `
For ssh, rsync, git and editors that read OpenSSH's configuration. Castra never edits
~/.ssh/config; copy the Include line to its top. The configuration lists running VMs only; ssh ignores
an Include of a missing file.
  castra ssh-config
  ssh -F "$(castra ssh-config --path)" castra-PROJECT-VM`;

export function addSshConfig(program: Command, finish: Finish): void {
  program
    .command('ssh-config')
    .description('print an OpenSSH configuration for the running VMs')
    .argument('[vm...]', 'VMs or roles (default: all that run)')
    .option('--path', 'print only the path of the configuration file')
    .addHelpText('after', help)
    .action(async (vms: string[], flags: { readonly path?: boolean }, command: Command) => {
      const { config, settings, json } = readContext(command);
      const outcome = (value: SshConfigOutcome) => (flags.path ? `${value.path}\n` : renderConfig(value));
      const code = await runSession({
        command: 'ssh-config',
        json,
        face: () => Promise.resolve(textFace({ outcome })),
        operation: async (run: Run) =>
          (await import('../../operations/sshConfig.ts')).sshConfig({ config, settings, vms }, run),
      });
      finish(code);
    });
}

function renderConfig({ path, text, hosts }: SshConfigOutcome): string {
  const hint = hosts.length === 0 ? '# No VM runs.\n' : '';
  // Include takes quotes and patterns, but no tokens (ssh_config(5)).
  return `# At the top of ~/.ssh/config, for all programs that read it:\n#   Include "${path}"\n${hint}${text}`;
}
