import { say } from '../say.ts';

/** What the window calls what the command line names, by command. */
const buttons: Readonly<Record<string, () => string>> = {
  up: () => say('Up'),
  down: () => say('Down'),
  'down --keep-overlay': () => say('Down and Keep Disk'),
  resume: () => say('Resume'),
  cancel: () => say('Cancel'),
  clean: () => say('Clean…'),
  doctor: () => say('Doctor'),
  export: () => say('Export Disk…'),
  logs: () => say('Show Serial Log'),
  ssh: () => say('Open Shell'),
};

/** Texts of the runtime speak of commands; a window has buttons. Commands that have none stay as they are. */
export function inWindowWords(text: string): string {
  return text
    .replace(/`castra ([a-z]+)((?: [^`]*)?)`/g, (all, command: string, rest: string) => {
      // The window has no such button: it asks at a terminal.
      if (rest.includes('--adopt')) return all;
      const kept = command === 'down' && rest.includes('--keep-overlay') ? ' --keep-overlay' : '';
      const button = buttons[command + kept]?.();
      return button === undefined ? all : `“${button}”`;
    })
    .replace(/\bpass --force\b/g, say('choose “Start Anyway”'));
}
