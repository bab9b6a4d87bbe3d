import { formatBytes } from '../../contract/bytes.ts';
import type { Liveness } from '../../state/liveness.ts';

/** A VM that ended without a request to Castra: what it wrote has no other copy. */
export type EndedByItself = Extract<Liveness, { kind: 'ended' | 'died' }>;

/** The guest had no chance to finish, and the user did not ask for it: its disk is put aside and not discarded. */
export function crashed(live: Liveness): boolean {
  return live.kind === 'died' || (live.kind === 'ended' && live.hostRestarted);
}

/** What is left of a VM's disk, what `up` will do with it, and how to save it: one or two sentences, or undefined. */
export function explainDisk(vm: string, live: EndedByItself, bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const left = `Its disk (${formatBytes(bytes)}) is still there`;
  return crashed(live)
    ? `${left}: \`castra up ${vm}\` puts it aside and starts with a new one; \`castra down ${vm}\` discards it.`
    : `${left}: \`castra up ${vm}\` discards it. \`castra down --keep-overlay ${vm}\` or \`castra export ${vm} FILE\` saves it.`;
}
