import type { BootstrapPlan, Unit } from '../plan.ts';
import type { Leftover } from '../stamp.ts';
import { program, quote, SENT } from './shell.ts';

/** Where the stamp is: the second place is for users who may not write to the first. */
const STAMP_FOLDERS = '/var/lib/castra "$HOME/.local/state/castra"';
const STAMP_FILE = 'bootstrap.stamp';

/** What a line of ours begins with, among the output of a guest; different in each run. */
export type Mark = string;

const say = (mark: Mark): string => `say() { printf '%s %s %s\\n' ${quote(mark)} "$1" "$2"; }`;

/** Ends what an earlier run left running, if it is still the same process. */
function endLeftover({ pid, started }: Leftover): string[] {
  return [
    `if [ "$(cut -d' ' -f22 /proc/${pid}/stat 2>/dev/null)" = ${quote(started)} ]; then`,
    ...endGroup(pid),
    `  say ended ${pid}`,
    'fi',
  ];
}

/** TERM, then up to five seconds, then KILL. */
function endGroup(pid: number): string[] {
  return [
    `  kill -TERM -${pid} 2>/dev/null || kill -TERM ${pid} 2>/dev/null`,
    '  i=0',
    `  while [ $i -lt 5 ] && kill -0 -${pid} 2>/dev/null; do sleep 1; i=$((i+1)); done`,
    `  kill -KILL -${pid} 2>/dev/null`,
  ];
}

/** Ends a process group; succeeds when nothing of it is left. */
export const stopProgram = (pid: number): string =>
  program([...endGroup(pid), `kill -0 -${pid} 2>/dev/null && exit 1`]);

export interface ProbeRequest {
  readonly mark: Mark;
  readonly remoteDir: string;
  /** The stamp that means that nothing changed; without it, what the guest has does not matter. */
  readonly stamp?: string;
  readonly leftover?: Leftover;
}

/** What the guest has of earlier bootstraps. Once the stamp says that nothing is to be done, the rest is not looked at. */
export function probeProgram({ mark, remoteDir, stamp, leftover }: ProbeRequest): string {
  return program([
    say(mark),
    ...(leftover ? endLeftover(leftover) : []),
    `for d in ${STAMP_FOLDERS}; do`,
    `  if [ -r "$d/${STAMP_FILE}" ]; then s=$(cat "$d/${STAMP_FILE}"); say stamp "$s"; break; fi`,
    'done',
    ...(stamp === undefined ? [] : [`[ "\${s-}" = ${quote(stamp)} ] && exit 0`]),
    'say boot "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"',
    'command -v tar >/dev/null 2>&1 && say tar yes',
    `d=${quote(remoteDir)}`,
    'if [ -L "$d" ]; then say folder link',
    'elif [ ! -e "$d" ]; then say folder none',
    'elif [ ! -d "$d" ]; then say folder file',
    `elif [ -r "$d/${SENT}" ]; then`,
    `  say folder ours; say sent "$(head -n 1 "$d/${SENT}")"; cd "$d"`,
    `  say files "$(find run.sh payload steps ! -type d 2>/dev/null | wc -l | tr -d ' ')"`,
    `  say changed "$(find run.sh payload steps -type f -newer ${SENT} 2>/dev/null | head -n 1)"`,
    'elif [ -z "$(ls -A "$d")" ]; then say folder empty',
    'else say folder strange; fi',
    '[ "$d" = "$HOME" ] && say folder home',
    // Their owner could put other scripts there. Root may, and in /tmp other users cannot rename what is ours.
    'for f in "$d" "$(dirname "$d")"; do',
    '  if [ -e "$f" ] && [ ! -O "$f" ] && [ "$(ls -ldn "$f" | awk \'{ print $3 }\')" != 0 ]; then say folder foreign; fi',
    'done',
  ]);
}

/**
 * Before the first step: the stamp goes, for until the end nothing is certain. A script alone finds its folder as if it
 * had just been sent; steps may go by what they left there.
 */
export function prepareProgram(remoteDir: string, isSingle: boolean): string {
  const others = [
    'for f in .[!.]* ..?* *; do',
    `  case $f in run.sh|payload|steps|${SENT}) ;; *) rm -rf "./$f" ;; esac`,
    'done',
  ];
  return program([
    `for d in ${STAMP_FOLDERS}; do rm -f "$d/${STAMP_FILE}" 2>/dev/null; done`,
    `cd ${quote(remoteDir)} || exit 1`,
    ...(isSingle ? others : []),
  ]);
}

export const stampProgram = (stamp: string): string =>
  program([
    'umask 022',
    `for d in ${STAMP_FOLDERS}; do`,
    `  f=$d/${STAMP_FILE}`,
    `  mkdir -p "$d" 2>/dev/null && printf '%s\\n' ${quote(stamp)} 2>/dev/null >"$f.new" && mv -f "$f.new" "$f" && exit 0`,
    'done',
    'exit 1',
  ]);

const PROFILE = 'if [ -r /etc/profile ]; then . /etc/profile </dev/null >/dev/null 2>&1; fi';

function exports(plan: BootstrapPlan, unit: Unit | undefined, own: Readonly<Record<string, string>>): string[] {
  const { vm, remoteDir, payload, env } = plan;
  const payloadDir =
    unit?.payload !== undefined
      ? `${remoteDir}/steps/${unit.name}/payload`
      : payload === undefined
        ? remoteDir
        : `${remoteDir}/payload`;
  const all = { CASTRA_VM: vm, CASTRA_PAYLOAD_DIR: payloadDir, ...own, ...env, ...unit?.env };
  return Object.entries(all).map(([name, value]) => `export ${name}=${quote(value)}`);
}

/**
 * Runs a program in a process group of its own, with nothing to read, and exits as it does. The environment is set
 * around it: it is in no argument, where every user of the guest could read it.
 */
function contained(inner: readonly string[]): string[] {
  return [
    `inner=${quote(inner.join('\n'))}`,
    'if command -v setsid >/dev/null 2>&1; then setsid /bin/sh -c "$inner" </dev/null & else /bin/sh -c "$inner" </dev/null & fi',
    'wait $!',
    'exit $?',
  ];
}

const tellPid = (mark: Mark): string =>
  `printf '%s pid %s %s\\n' ${mark} "$$" "$(cut -d' ' -f22 /proc/$$/stat 2>/dev/null)"`;

/** The script of a unit, unless `creates` or `check` say that there is nothing to do. */
export function applyProgram(plan: BootstrapPlan, unit: Unit, { mark, runId }: { mark: Mark; runId: string }): string {
  const { creates, check, place } = unit;
  const inner = [
    tellPid(mark),
    ...(creates === undefined ? [] : [`if [ -e ${quote(creates)} ]; then echo ${mark} skip creates; exit 0; fi`]),
    ...(check === undefined
      ? []
      : [`if /bin/sh -c ${quote(check)} >/dev/null 2>&1; then echo ${mark} skip check; exit 0; fi`]),
    `echo ${mark} run`,
    ...(place === undefined ? ['exit 0'] : [`exec ${interpreter(unit)}./${place}`]),
  ];
  return program([
    PROFILE,
    `cd ${quote(plan.remoteDir)} || exit 1`,
    ...exports(plan, unit, { CASTRA_RUN_ID: runId, CASTRA_STEP: unit.name }),
    ...contained(inner),
  ]);
}

/** A text without `#!` stops at its first failure; a script without it is one for sh. */
function interpreter({ run, hasShebang }: Unit): string {
  if (hasShebang) return '';
  return run?.kind === 'inline' ? '/bin/sh -e ' : '/bin/sh ';
}

export function verifyProgram(plan: BootstrapPlan, mark: Mark): string {
  const { command, path } = plan.verify;
  const inner = [
    tellPid(mark),
    `echo ${mark} run`,
    ...(command === undefined ? [] : [`/bin/sh -c ${quote(command)} || exit $?`]),
    ...(path === undefined ? [] : [`[ -e ${quote(path)} ] || { echo ${mark} missing; exit 1; }`]),
  ];
  return program([
    PROFILE,
    `cd ${quote(plan.remoteDir)} || exit 1`,
    ...exports(plan, undefined, {}),
    ...contained(inner),
  ]);
}

/** Restarts the guest a second from now, so that this is still answered. */
export const rebootProgram = program([
  'if [ "$(id -u)" = 0 ]; then r="reboot"',
  'elif sudo -n true 2>/dev/null; then r="sudo -n reboot"',
  'elif doas -n true 2>/dev/null; then r="doas -n reboot"',
  'else echo "the user may not restart the guest" >&2; exit 126; fi',
  'sync',
  '( sleep 1; $r ) </dev/null >/dev/null 2>&1 &',
]);

export const bootIdProgram = program(['cat /proc/sys/kernel/random/boot_id']);
