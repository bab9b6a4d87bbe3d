import type { Argument, Command, Option } from 'commander';

/** What may stand at the place that is being completed. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** The project that the words before name, by `--config` or `--project`. */
export interface NamedProject {
  readonly config?: string;
  readonly project?: string;
}

/** Looks names up: of VMs and of projects. Called only when one of them fits the place. */
export interface Names {
  readonly vms: (named: NamedProject) => readonly Candidate[];
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
  readonly named: NamedProject;
}

/** Reads the words before as commander would; undefined behind `--`, where words belong to another command. */
function walk(program: Command, words: readonly string[]): Place | undefined {
  let command = program;
  let given = 0;
  let option: Option | undefined;
  let named: NamedProject = {};
  for (const word of words) {
    if (option) {
      named = { ...named, [option.attributeName()]: word };
      option = undefined;
    } else if (word === '--') {
      return undefined;
    } else if (word.startsWith('-')) {
      const [, flag = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
      const found = optionsOf(command).find((known) => (known.long === flag || known.short === flag) && known.required);
      if (value === undefined) option = found;
      else if (found) named = { ...named, [found.attributeName()]: value };
    } else {
      const nested = command.commands.find((known) => known.name() === word);
      if (nested) command = nested;
      else given += 1;
    }
  }
  return { command, given, named, ...(option ? { option } : {}) };
}

const optionsOf = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);

function candidatesAt(place: Place, current: string, names: Names): readonly Candidate[] {
  const { command, given, option, named } = place;
  const known = { vms: () => names.vms(named), projects: names.projects };
  if (option) return suggest(option.attributeName(), option.argChoices, known);
  if (current.startsWith('-')) {
    return optionsOf(command).map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
  }
  const nested = command.createHelp().visibleCommands(command);
  const commands = given > 0 ? [] : nested.map((one) => ({ value: one.name(), description: one.description() }));
  const argument = argumentAt(command, given);
  return [...commands, ...(argument ? suggest(argument.name(), argument.argChoices, known) : [])];
}

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic ? last : undefined);
}

interface Known {
  readonly vms: () => readonly Candidate[];
  readonly projects: () => readonly Candidate[];
}

/** By what it is called: `vm` is a VM everywhere. For files a shell knows best, so nothing is suggested for them. */
function suggest(name: string, choices: readonly string[] | undefined, names: Known): readonly Candidate[] {
  if (choices) return choices.map((value) => ({ value, description: '' }));
  if (name === 'vm') return names.vms();
  // Of `cp`, which takes a path of this host as well: for those a shell knows best.
  if (name === 'paths') return names.vms().map(({ value, description }) => ({ value: `${value}:`, description }));
  return name === 'project' ? names.projects() : [];
}
