import type { TomlPath } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { Analysis } from '../../documents/analysis.ts';

const FIRST_PORT = 8080;
const LAST_PORT = 65535;

/**
 * Free host ports for the forward at a path, the likeliest first: next to the last one in the file, and from 8080 up.
 * A role with several replicas needs as many in a row.
 */
export function freeHostPorts({ placed, draft }: Analysis, forward: TomlPath): number[] {
  const own = forward.join('.');
  const taken = new Set([draft.broker.port]);
  let last: number | undefined;
  let replicas = 0;
  for (const { vm, path, forwardPaths } of placed) {
    if (isPrefix(path, forward)) replicas += 1;
    for (const [index, { host }] of vm.forwards.entries()) {
      if (host === 0 || forwardPaths[index]?.join('.') === own) continue;
      taken.add(host);
      last = host;
    }
  }
  // An instance's own list is taken as it is.
  const width = forward.includes('instances') ? 1 : Math.max(1, replicas);
  const starts = last === undefined ? [FIRST_PORT] : [last + 1, FIRST_PORT];
  return [...new Set(starts.flatMap((start) => firstFree(start, width, taken) ?? []))];
}

function isPrefix(path: TomlPath, whole: TomlPath): boolean {
  return path.every((segment, index) => segment === whole[index]);
}

function firstFree(from: number, width: number, taken: ReadonlySet<number>): number | undefined {
  let run = 0;
  for (let port = from; port <= LAST_PORT; port++) {
    run = taken.has(port) ? 0 : run + 1;
    if (run === width) return port - width + 1;
  }
  return undefined;
}
