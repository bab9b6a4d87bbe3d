import { type Fields, text } from '../fields.ts';
import type { Findings } from '../findings/findings.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';

/** Why Castra could not start, watch or stop a VM that is given one of these. See runtime/vm/args.ts for what it gives itself. */
const BREAKING: Readonly<Record<string, string>> = {
  S: 'the guest would never start to run',
  chroot: 'QEMU would no longer find its sockets',
  daemonize: 'Castra could not identify the QEMU process',
  incoming: 'the guest would wait for another QEMU instead of booting',
  pidfile: 'Castra finds QEMU by its own pidfile',
  preconfig: 'the guest would never start to run',
  runas: 'QEMU would no longer reach its sockets and disk',
  snapshot: 'the guest would write to a file that Castra does not know',
  uuid: 'Castra identifies its own QEMU by the uuid that it sets',
};

/** What a key of castra.toml does, and Castra then knows of. */
const BETTER: Readonly<Record<string, string>> = {
  accel: 'accelerator',
  'enable-kvm': 'accelerator',
  m: 'memory',
  name: 'name',
  smp: 'cpus',
};

/** Names of runtime/vm/args.ts, which exist once per QEMU. */
const OWN_IDS = 'console0|qmp|monitor|net0|disk0|rng0';
const TAKES_OWN_ID = new RegExp(
  `(?:(?:^|,)(?:id|node-name|chardev)=|"(?:id|node-name)"\\s*:\\s*")(${OWN_IDS})(?=[,"]|$)`,
);
const DEFINES_IDS = ['blockdev', 'chardev', 'drive', 'mon', 'netdev', 'object'];

/** Options without a value (qemu-options.hx); behind every other one the next argument is its value, dash or not. */
const FLAGS: ReadonlySet<string> = new Set([
  ...['S', 's', 'daemonize', 'enable-kvm', 'full-screen', 'h', 'help', 'mem-prealloc', 'no-acpi', 'no-fd-bootchk'],
  ...['no-hpet', 'no-quit', 'no-reboot', 'no-shutdown', 'no-user-config', 'nodefaults', 'nographic'],
  ...['only-migratable', 'preconfig', 'singlestep', 'snapshot', 'usb', 'version', 'win2k-hack'],
]);

interface QemuOption {
  readonly name: string;
  readonly value: string;
  /** Which of the arguments its name is. */
  readonly at: number;
}

/** Finds what in the `qemu_args` of a role at `path` Castra sets itself. */
export function checkQemuArguments(role: Fields, path: TomlPath, findings: Findings): void {
  refuseControlCharacters(role.qemu_args, path, findings);
  for (const option of readOptions(role.qemu_args)) {
    const place = { path: [...path, 'qemu_args', option.at] };
    const harm = explainHarm(option);
    const key = keyFor(option);
    if (harm !== undefined) {
      findings.report({
        severity: 'error',
        code: 'config/qemu-args-conflict',
        message: `\`-${option.name}\` cannot be used here: ${harm}.`,
        help: 'Remove it.',
        ...place,
      });
    } else if (key !== undefined) {
      findings.report({
        severity: 'warning',
        code: 'config/qemu-args-key',
        message: `\`-${option.name}\` overrides the value that Castra passes for \`${key}\`, and Castra still uses that value.`,
        help: `Use the key \`${key}\` instead.`,
        ...place,
      });
    }
  }
}

/** No option of QEMU needs one, and the command line is written to a log that people read and paste from. */
function refuseControlCharacters(written: unknown, path: TomlPath, findings: Findings): void {
  if (!Array.isArray(written)) return;
  for (const [at, item] of written.entries()) {
    if (!/\p{Cc}/u.test(text(item) ?? '')) continue;
    findings.report({
      severity: 'error',
      code: 'config/qemu-args-conflict',
      message: 'An argument of QEMU cannot have a line break or another control character.',
      help: 'Remove it; each argument is an element of its own.',
      path: [...path, 'qemu_args', at],
    });
  }
}

/** Arguments that are not options are left to QEMU, which takes them for disks. */
function readOptions(written: unknown): QemuOption[] {
  const args = Array.isArray(written) ? written.map((item) => text(item) ?? '') : [];
  const options: QemuOption[] = [];
  for (let at = 0; at < args.length; at++) {
    const [, name] = /^--?(.+)$/s.exec(args[at] ?? '') ?? [];
    if (name === undefined) continue;
    const value = FLAGS.has(name) ? '' : (args[at + 1] ?? '');
    options.push({ name, value, at });
    if (!FLAGS.has(name)) at += 1;
  }
  return options;
}

const own = (words: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(words, name) ? words[name] : undefined;

function explainHarm({ name, value }: QemuOption): string | undefined {
  const id = DEFINES_IDS.includes(name) ? TAKES_OWN_ID.exec(value)?.[1] : undefined;
  if (id !== undefined) return `the name "${id}" belongs to a device that Castra adds`;
  if (/^chardev:(?:console0|qmp|monitor)$/.test(value)) return `"${value.slice(8)}" belongs to Castra`;
  if (name === 'run-with' && /(?:^|,)(?:chroot|user)=/.test(value)) return own(BREAKING, 'runas');
  return own(BREAKING, name);
}

function keyFor({ name, value }: QemuOption): string | undefined {
  const isForward = (name === 'netdev' || name === 'nic') && /^user\b.*,hostfwd=/.test(value);
  if (isForward) return 'port_forwards';
  return name === 'machine' && /(?:^|,)accel=/.test(value) ? 'accelerator' : own(BETTER, name);
}
