/** What of ssh's options a login with the ssh2 package can honour. */
export interface HonouredOptions {
  readonly connectTimeoutMs?: number;
  readonly keepaliveMs?: number;
  readonly keepaliveMisses?: number;
}

/** The host key is pinned whatever they say, and no terminal is asked for anything. */
const IGNORED = ['stricthostkeychecking', 'userknownhostsfile', 'identitiesonly', 'batchmode', 'loglevel'];
const NUMBERS: Readonly<Record<string, keyof HonouredOptions>> = {
  connecttimeout: 'connectTimeoutMs',
  serveraliveinterval: 'keepaliveMs',
  serveralivecountmax: 'keepaliveMisses',
};

/** `Name=value` or `Name value`, as for `ssh -o`. */
function parse(option: string): { readonly name: string; readonly value: string } {
  const [, name = option, value = ''] = /^\s*([A-Za-z]+)\s*[=\s]\s*(.*?)\s*$/.exec(option) ?? [];
  return { name, value };
}

/** Why options cannot be honoured: the rest of a sentence. */
export function explainSshOptions(options: readonly string[]): string | undefined {
  for (const { name, value } of options.map(parse)) {
    const key = name.toLowerCase();
    if (IGNORED.includes(key)) continue;
    if (NUMBERS[key] === undefined)
      return `Castra cannot honour the ssh option "${name}"; it knows ConnectTimeout, ServerAliveInterval and ServerAliveCountMax, and connects without jump hosts`;
    if (!/^[1-9]\d{0,5}$/.test(value)) return `the ssh option ${name} needs a whole number, not "${value}"`;
  }
  return undefined;
}

export function readSshOptions(options: readonly string[]): HonouredOptions {
  const known = options.map(parse).flatMap(({ name, value }) => {
    const key = NUMBERS[name.toLowerCase()];
    return key === undefined ? [] : [[key, Number(value) * (key === 'keepaliveMisses' ? 1 : 1000)]];
  });
  return Object.fromEntries(known);
}
