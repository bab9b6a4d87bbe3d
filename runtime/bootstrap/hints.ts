/** What to do about a failure in the guest: sentences. The first row that fits the output counts. */
const causes: readonly (readonly [RegExp, string])[] = [
  [
    /No space left on device|disk full|ENOSPC/i,
    'The disk of the guest is full: set a larger `overlay_size` in castra.toml, or make the script need less.',
  ],
  [
    /Read-only file system/i,
    'The folder is on a file system of the guest that is read-only: choose another `remote_dir`.',
  ],
  [
    /bad interpreter|\^M|env: .*\\r|\r: not found/,
    'The script has the line ends of Windows (CRLF): save it with those of Unix (LF).',
  ],
  [
    /a password is required|no tty present|must be run from a terminal|Authentication (?:failure|required)/i,
    'The user may not become the other one without a password: see `user`, and `ssh_user` in castra.toml.',
  ],
  [/unknown user|does not exist|unknown id/i, 'Create the user in an earlier step, or correct `user`.'],
];

const exits: Readonly<Record<number, string>> = {
  126: 'The script could not be run: its first line must name an interpreter that the guest has, and the folder must not be mounted `noexec`.',
  127: 'A command was not found: the guest may lack a package, or the interpreter that the first line names.',
  137: 'The guest killed it, probably because its memory did not suffice: set a larger `memory` in castra.toml.',
};

const LOOK = 'Correct the script, and run it again with `castra bootstrap`.';

export function hintFor(output: readonly string[], exitCode?: number): string {
  const text = output.join('\n');
  return causes.find(([pattern]) => pattern.test(text))?.[1] ?? exits[exitCode ?? 0] ?? LOOK;
}

export const TIMEOUT_HINT = 'If it needs longer, set `timeout_secs`; a script gets nothing on its standard input.';
export const LOST_HINT =
  '`castra status` and `castra logs` show what became of the VM; `castra bootstrap` runs it again.';
export const TAR_HINT = 'Install tar in the image; Castra sends files as one tar archive.';
