import { Argument, type Command } from 'commander';
import { type Shell, scripts, shells } from '../completion/scripts.ts';

/** What shells need to complete command lines: the script, and the answers to what the script asks. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', help)
    .action((shell: Shell) => {
      process.stdout.write(scripts[shell]);
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const { findCandidates } = await import('../completion/candidates.ts');
      const { namesHere } = await import('../completion/names.ts');
      const found = findCandidates(program, words, namesHere);
      process.stdout.write(found.map(({ value, description }) => `${value}\t${description}\n`).join(''));
    });
}

const help = `
Examples:
  source <(castra completion bash)                                     # in ~/.bashrc
  source <(castra completion zsh)                                      # in ~/.zshrc, after compinit
  castra completion fish > ~/.config/fish/completions/castra.fish`;
