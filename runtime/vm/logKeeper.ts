import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { LogLimits } from '../contract/vocabulary.ts';

/** How often a keeper looks. A guest that floods its console writes some tens of MB meanwhile. */
const LOOK_EVERY_SECONDS = 10;

/**
 * Keeps logs small while QEMU writes them; there is no daemon of ours that could. QEMU appends (O_APPEND), so a file
 * that is emptied continues at its beginning.
 *
 * As with logrotate's copytruncate, what is written between the copy and the emptying is lost. So it is copied in two
 * steps: the second one only has what was written during the first, and takes less than a millisecond.
 *
 * It ends with QEMU and polls no pid, which could be another process's by then: QEMU holds the other end of its standard
 * input, whose end is QEMU's end, however that came. Then it ends its own process group, a sleep among them.
 * `$$` is the pid of the outer shell in a subshell too: if that one is killed, the loop ends by itself.
 */
const SCRIPT = `
umask 077
max=$1 keep=$2 every=$3
shift 3
size() { s=$(wc -c <"$1") && echo $((s)); }
rotate() {
  rm -f "$1.$keep"
  cp -- "$1" "$1.rotating" || { rm -f "$1.rotating"; return; }
  n=$keep
  while [ "$n" -gt 1 ]; do
    m=$((n - 1))
    [ ! -e "$1.$m" ] || mv -f -- "$1.$m" "$1.$n"
    n=$m
  done
  mv -f -- "$1.rotating" "$1.1" || return
  copied=$(size "$1.1") && tail -c "+$((copied + 1))" "$1" >>"$1.1" && : >"$1"
}
look() {
  there=
  for log in "$@"; do
    [ -f "$log" ] || continue
    there=yes
    now=$(size "$log") || continue
    [ "$now" -le "$max" ] || rotate "$log"
  done
  [ -n "$there" ]
}
( while kill -0 $$ && look "$@" && sleep "$every"; do :; done ) &
while read -r _; do :; done
trap '' TERM
kill -TERM 0
wait
for log in "$@"; do rm -f "$log.rotating"; done
`;

export interface LogKeeper {
  /** To be QEMU's standard input. */
  readonly tether: Readable;
  /** Lets go of our end of the tether: QEMU's own is the last one, or there is none and the keeper ends. */
  release(): void;
}

/** The arguments of sh(1). `$0` says to people what this process is. */
export function keeperArguments(
  logs: readonly string[],
  { maxBytes, keep }: LogLimits,
  everySeconds: number,
): string[] {
  return ['-c', SCRIPT, 'castra-log-keeper', String(maxBytes), String(keep), String(everySeconds), ...logs];
}

/** Starts a keeper in a session of its own. Undefined when there is no shell: then logs are rotated at a start only. */
export function startLogKeeper(
  logs: readonly string[],
  limits: LogLimits,
  everySeconds = LOOK_EVERY_SECONDS,
  shell = '/bin/sh',
): LogKeeper | undefined {
  const child = spawn(shell, keeperArguments(logs, limits, everySeconds), {
    cwd: '/',
    // It outlives us, and needs nothing of what else is in our environment.
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Told by the missing pid; unheard, it would end the program.
  child.on('error', () => undefined);
  child.unref();
  return child.pid === undefined ? undefined : toKeeper(child);
}

function toKeeper({ stdin }: ChildProcess): LogKeeper | undefined {
  // Node's pipes to a child are socket pairs, which one may hand to another child.
  const tether = stdin as unknown as Readable;
  tether.on('error', () => undefined);
  return { tether, release: () => tether.destroy() };
}
