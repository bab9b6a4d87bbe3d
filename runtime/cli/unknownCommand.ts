import { suggest } from '../config/findings/suggest.ts';
import { CastraError } from '../contract/failures.ts';

/** First words of people who come from Vagrant, Lima, Multipass and Compose, with what does that here. */
const otherTools: Readonly<Record<string, string>> = {
  attach: '`castra console VM` attaches to the serial console.',
  build: '`castra up` gets images and starts the VMs.',
  create: '`castra init` writes a castra.toml; `castra up` creates and starts its VMs.',
  delete: '`castra down` stops VMs and discards their disks; `castra clean` removes what they left.',
  destroy: '`castra down` stops VMs and discards their disks; `castra clean` removes what they left.',
  edit: 'VMs are what castra.toml says: edit that file.',
  halt: '`castra down` stops VMs. It discards their disks; `castra down --keep-overlay` puts them aside.',
  info: '`castra status` shows the VMs, `castra ports` their ports.',
  launch: '`castra up` starts the VMs of castra.toml.',
  login: '`castra ssh VM` logs in.',
  ls: '`castra status` shows the VMs of this project, `castra list` all projects.',
  mount: 'Castra mounts no host folders yet; `castra cp` copies files to and from a VM.',
  provision: '`user_data` in castra.toml is what a guest does at its first boot; `castra exec` runs a command in VMs.',
  ps: '`castra status` shows the VMs of this project, `castra list` those of all projects.',
  pull: '`castra images pull` downloads base images.',
  reload: '`castra restart` starts VMs with what castra.toml says now, and with new disks.',
  reset: '`castra reboot --hard VM` resets a VM; its disk stays.',
  rm: '`castra clean` removes what stopped VMs left.',
  run: '`castra up` starts the VMs; `castra exec VM -- COMMAND` runs a command in one.',
  scp: '`castra cp` copies files to and from a VM.',
  shell: '`castra ssh VM` logs in.',
  snapshot: 'Castra has no snapshots yet; `castra export VM FILE` copies a disk.',
  start: '`castra up` starts the VMs of castra.toml.',
  stop: '`castra down` stops VMs. It discards their disks; `castra down --keep-overlay` puts them aside.',
  suspend: 'Castra cannot suspend VMs yet; `castra down --keep-overlay` stops one and puts its disk aside.',
  transfer: '`castra cp` copies files to and from a VM.',
};

/** These remove something: a slip of the keyboard must not lead there. */
const REMOVING = ['clean', 'down', 'restart'];

/** Options of `castra` itself that a value follows. */
const WITH_VALUE = ['-c', '--config', '--project'];

/** The first word of a command line that is not an option of castra itself; undefined when there is none. */
export function firstWord(args: readonly string[]): string | undefined {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (WITH_VALUE.includes(arg)) at++;
    else if (!arg.startsWith('-')) return arg;
  }
  return undefined;
}

/** Fails with `usage` when the first word is not a command, naming what was probably meant. */
export function refuseUnknownCommand(args: readonly string[], known: readonly string[]): void {
  const word = firstWord(args);
  if (word === undefined || known.includes(word)) return;
  const meant = suggest(
    word,
    known.filter((name) => !REMOVING.includes(name)),
  );
  const hint = Object.hasOwn(otherTools, word) ? otherTools[word] : meant && `Did you mean \`castra ${meant}\`?`;
  const detail = `castra has no command "${word}". ${hint ?? '`castra --help` lists the commands.'}`;
  throw new CastraError({ kind: 'usage', detail });
}
