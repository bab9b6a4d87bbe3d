import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { commandLine } from './identity.ts';

export interface PortOwner {
  readonly pid: number;
  readonly command: readonly string[];
}

/** proc(5): state 0A of a TCP socket is LISTEN, 07 is all a UDP socket that is bound can be. */
const BOUND = { tcp: '0A', udp: '07' } as const;

/**
 * The process that holds a port of this host, as far as /proc shows it: not for processes of another user. Only
 * for messages: by the time a person reads it, the owner may have changed.
 */
export function findPortOwner(protocol: 'tcp' | 'udp', port: number): PortOwner | undefined {
  if (process.platform !== 'linux') return undefined;
  const inodes = [protocol, `${protocol}6`].flatMap((table) => boundInodes(readTable(table), BOUND[protocol], port));
  if (inodes.length === 0) return undefined;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pid = listNumbers('/proc').find((candidate) => holdsSocket(candidate, sockets));
  return pid === undefined ? undefined : { pid, command: commandLine(pid) ?? [] };
}

/**
 * Whether a process has bound a port, without binding it: that could make a QEMU that just starts fail. Undefined where
 * the platform does not report it.
 */
export function isPortBound(protocol: 'tcp' | 'udp', bind: string, port: number): boolean | undefined {
  if (process.platform !== 'linux') return undefined;
  return [protocol, `${protocol}6`].some((table) => bindsAddress(readTable(table), BOUND[protocol], bind, port));
}

const ALL_ADDRESSES = '0.0.0.0';

/** Whether a socket in a table of /proc/net is in the way of an address: they are in hexadecimal, words of host order. */
export function bindsAddress(table: string, state: string, bind: string, port: number): boolean {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const hexAddress = bind
    .split('.')
    .toReversed()
    .map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'))
    .join('');
  return table.split('\n').some((line) => {
    const fields = line.trim().split(/\s+/);
    const [address = '', localPort] = fields[1]?.split(':') ?? [];
    if (localPort !== hexPort || fields[3] !== state) return false;
    // `::` takes IPv4 as well, unless its owner asked for IPv6 alone, which the table does not show.
    return bind === ALL_ADDRESSES || /^0+$/.test(address) || address.endsWith(hexAddress);
  });
}

/** Inodes of the sockets in a table of /proc/net that are bound to a port, which it writes in hexadecimal. */
export function boundInodes(table: string, state: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const inode = fields[9];
    return fields[1]?.endsWith(suffix) && fields[3] === state && inode !== undefined ? [inode] : [];
  });
}

function holdsSocket(pid: number, sockets: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  return listNumbers(folder).some((descriptor) => {
    try {
      return sockets.has(readlinkSync(`${folder}/${descriptor}`));
    } catch {
      return false;
    }
  });
}

function listNumbers(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isSafeInteger);
  } catch {
    return [];
  }
}

function readTable(name: string): string {
  try {
    return readFileSync(`/proc/net/${name}`, 'utf8');
  } catch {
    return '';
  }
}
