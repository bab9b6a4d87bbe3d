// Programs for guests are POSIX sh, for dash and busybox alike. They come on standard input, where no other user of the
// guest can see them; values are quoted once, by `quote`. Where standard input is the archive, the program is an
// argument: it holds paths alone, and those in digits, so that no second quoting is needed.

/** For POSIX sh: nothing is special inside single quotes but the quote that ends them. */
export const quote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

/** A shell reads the whole of a group before it runs any of it, so what the program starts cannot read its rest. */
export const program = (lines: readonly string[]): string => `{\n${lines.join('\n')}\nexit 0\n}\n`;

/** An absolute path as printf(1) makes it from digits. */
const inDigits = (path: string): string =>
  `$(printf "${[...Buffer.from(path)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}")`;

/** The command line that takes a program on standard input: for the user that logs in, or as another one. */
export function shellLine(user?: string): string {
  if (user === undefined) return '/bin/sh';
  const as = [
    `if [ "$(id -un)" = ${user} ]; then exec /bin/sh`,
    `elif [ "$(id -u)" = 0 ]; then exec su -s /bin/sh -c /bin/sh ${user}`,
    `elif command -v sudo >/dev/null 2>&1; then exec sudo -n -u ${user} /bin/sh`,
    `elif command -v doas >/dev/null 2>&1; then exec doas -n -u ${user} /bin/sh`,
    `else echo "there is no sudo or doas to become ${user} with" >&2; exit 126`,
    'fi',
  ];
  return `/bin/sh -c '${as.join('; ')}'`;
}

/** Beside the folder, so that a rename is enough to replace it. */
const NEW = '.castra-new';
const OLD = '.castra-old';
/** What the archive ends with: the folder is whole, and of this hash. */
export const SENT = '.castra-sent';

/**
 * The command line that unpacks an archive from standard input and then replaces the folder with it. An archive that
 * was cut off lacks its last member, and replaces nothing. `isShared`: other users of the guest run steps in it.
 */
export function unpackLine(remoteDir: string, isShared: boolean): string {
  const steps = [
    `d=${inDigits(remoteDir)}`,
    `n=$d${NEW}`,
    'fail() { rm -rf "$n"; exit 1; }',
    'rm -rf "$n" || exit 1',
    `mkdir -p "$(dirname "$d")" && mkdir "$n" && chmod ${isShared ? '755' : '700'} "$n" && cd "$n" || fail`,
    'tar -xpof - || fail',
    `[ -f ${SENT} ] || { echo "the archive did not arrive whole" >&2; fail; }`,
    `rm -rf "$d${OLD}"`,
    `if [ -e "$d" ]; then mv "$d" "$d${OLD}" || fail; fi`,
    `mv "$n" "$d" || fail`,
    `rm -rf "$d${OLD}"`,
  ];
  return `/bin/sh -c '${steps.join('; ')}'`;
}
