import type { Argument, Command, Option } from 'commander';

/** What may stand at the place that is being completed. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Looks names up: of VMs and of projects. Called only when one of them fits the place. */
export interface Names {
  readonly vms: () => readonly Candidate[];
  readonly projects: () => readonly Candidate[];
}

/** The candidates for the last of `words`, which may be empty; `words` begin behind the program's name. */
export function findCandidates(program: Command, words: readonly string[], names: Names): Candidate[] {
  const current = words.at(-1) ?? '';
  const place = walk(program, words.slice(0, -1));
  if (place === undefined) return [];
  return candidatesAt(place, current, names).filter(({ value }) => value.startsWith(current));
}

interface Place {
  readonly command: Command;
  /** Positional words that stand before. */
  readonly given: number;
  /** The option whose value is to come. */
  readonly option?: Option;
}

/** Reads the words before as commander would; undefined behind `--`, where words belong to another command. */
function walk(program: Command, words: readonly string[]): Place | undefined {
  let command = program;
  let given = 0;
  let option: Option | undefined;
  for (const word of words) {
    if (option) {
      option = undefined;
    } else if (word === '--') {
      return undefined;
    } else if (word.startsWith('-')) {
      option = optionsOf(command).find((known) => (known.long === word || known.short === word) && known.required);
    } else {
      const nested = command.commands.find((known) => known.name() === word);
      if (nested) command = nested;
      else given += 1;
    }
  }
  return { command, given, ...(option ? { option } : {}) };
}

const optionsOf = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);

function candidatesAt({ command, given, option }: Place, current: string, names: Names): readonly Candidate[] {
  if (option) return suggest(option.attributeName(), option.argChoices, names);
  if (current.startsWith('-')) {
    return optionsOf(command).map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
  }
  const nested = command.createHelp().visibleCommands(command);
  const commands = given > 0 ? [] : nested.map((one) => ({ value: one.name(), description: one.description() }));
  const argument = argumentAt(command, given);
  return [...commands, ...(argument ? suggest(argument.name(), argument.argChoices, names) : [])];
}

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic ? last : undefined);
}

/** By what it is called: `vm` is a VM everywhere. For files a shell knows best, so nothing is suggested for them. */
function suggest(name: string, choices: readonly string[] | undefined, names: Names): readonly Candidate[] {
  if (choices) return choices.map((value) => ({ value, description: '' }));
  if (name === 'vm') return names.vms();
  return name === 'project' ? names.projects() : [];
}
