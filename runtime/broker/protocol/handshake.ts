/**
 * The text lines before the first frame: a greeting, `hello`, and the answer. They are those of the original Castra, so
 * that its guest scripts work; `token=` and the capability `bus-lines-v1` are new.
 */

export const GREETING = 'castra-broker 0.1 ready';

/** Bytes of a hello line. */
export const MAX_HELLO_BYTES = 512;
const MAX_IDENTITY_BYTES = 128;

/** Needed for a session; without it, a hello only proves that the guest is there. */
export const BUS = 'bus-v1';
/** A program on this host. */
export const HOST_BUS = 'host-bus';
/** Frames are lines of JSON instead of lengths and bytes. */
export const BUS_LINES = 'bus-lines-v1';

export interface Hello {
  readonly identity: string;
  /** Sorted, each once, as first spelled. */
  readonly capabilities: readonly string[];
  readonly token?: string;
}

export type HelloResult =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'malformed'; readonly reason: string };

/** Whether a line that comes where a frame should is a new hello: a guest's agent was started again. */
export const isHello = (line: string): boolean => /^\s*hello\s/i.test(line);

export function parseHello(line: string): HelloResult {
  const [keyword, identity, ...rest] = line.trim().split(/\s+/);
  if (!keyword) return malformed('empty handshake payload');
  if (keyword.toLowerCase() !== 'hello') return malformed(`unexpected keyword ${JSON.stringify(keyword.slice(0, 40))}`);
  if (identity === undefined) return malformed('missing identity');
  const name = identity.replace(/^vm:/, '');
  if (name === '') return malformed('empty identity');
  if (Buffer.byteLength(name) > MAX_IDENTITY_BYTES) return malformed(`identity exceeds ${MAX_IDENTITY_BYTES} bytes`);
  const token = valuesOf(rest, 'token').at(-1);
  const capabilities = distinct(valuesOf(rest, 'capabilities').flatMap((value) => value.split(',')));
  return { kind: 'hello', hello: { identity: name, capabilities, ...(token ? { token } : {}) } };
}

export const hasCapability = ({ capabilities }: Hello, wanted: string): boolean =>
  capabilities.some((one) => one.toLowerCase() === wanted);

function malformed(reason: string): HelloResult {
  return { kind: 'malformed', reason };
}

function valuesOf(words: readonly string[], key: string): string[] {
  return words.flatMap((word) => {
    const at = word.indexOf('=');
    return at > 0 && word.slice(0, at).toLowerCase() === key ? [word.slice(at + 1)] : [];
  });
}

function distinct(values: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const value of values.map((one) => one.trim())) {
    if (value !== '' && !byName.has(value.toLowerCase())) byName.set(value.toLowerCase(), value);
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
