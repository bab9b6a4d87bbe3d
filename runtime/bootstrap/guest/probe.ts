import type { BootstrapJob } from '../job.ts';
import { type Leftover, stampLine } from '../stamp.ts';
import { explainEnd, stepFailed } from '../stepFailure.ts';
import type { GuestLink } from './guestLink.ts';
import { type Mark, probeProgram } from './programs.ts';

/** What a guest has of earlier bootstraps. */
export interface GuestFacts {
  readonly stamp?: string;
  readonly bootId?: string;
  readonly hasTar: boolean;
  readonly folder: 'ours' | 'none' | 'empty' | 'strange' | 'file' | 'link' | 'home' | 'foreign';
  /** The hash of what was sent before; undefined when it was changed since. */
  readonly sent?: string;
  /** A process group of an earlier run that was still there. */
  readonly ended?: number;
}

const PROBE_TIMEOUT_MS = 60_000;

/** Asks the guest. It may restart its SSH server just then, so a lost connection is made again once. */
export async function probeGuest(
  job: BootstrapJob,
  link: GuestLink,
  { mark, deadline, leftover }: { readonly mark: Mark; readonly deadline: number; readonly leftover?: Leftover },
): Promise<GuestFacts> {
  const { plan, artifact, disk } = job;
  const stamp = job.always ? {} : { stamp: stampLine(artifact.hash, disk) };
  const text = probeProgram({ mark, remoteDir: plan.remoteDir, ...stamp, ...(leftover ? { leftover } : {}) });
  for (let attempt = 1; ; attempt++) {
    await link.connect(deadline);
    const answer = await link.ask(text, PROBE_TIMEOUT_MS);
    if (answer.end.kind === 'exited' && answer.end.exitCode === 0)
      return readFacts(answer.text, mark, expectedFiles(job));
    if (answer.end.kind === 'lost' && attempt < 4) continue;
    const why = explainEnd(answer.end, { timeoutMs: PROBE_TIMEOUT_MS, output: [] });
    throw stepFailed(plan.vm, { step: 'connect', ...why, detail: `the guest runs no shell: ${why.detail}` });
  }
}

const expectedFiles = ({ artifact }: BootstrapJob): number =>
  artifact.members.filter(({ kind }) => kind !== 'folder').length;

const FOLDERS = ['ours', 'none', 'empty', 'strange', 'file', 'link', 'home', 'foreign'] as const;

function readFacts(text: string, mark: Mark, files: number): GuestFacts {
  const facts = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value = ''] = line.startsWith(`${mark} `) ? (/^\S+ (\S+) ?(.*)$/.exec(line) ?? []) : [];
    if (key !== undefined) facts.set(key, value);
  }
  const [stamp, bootId, ended] = [facts.get('stamp'), facts.get('boot'), facts.get('ended')];
  const isWhole = facts.get('changed') === '' && Number(facts.get('files')) === files;
  const sent = isWhole ? facts.get('sent') : undefined;
  return {
    hasTar: facts.get('tar') === 'yes',
    folder: FOLDERS.find((each) => each === facts.get('folder')) ?? 'none',
    ...(stamp === undefined ? {} : { stamp }),
    ...(bootId ? { bootId } : {}),
    ...(sent === undefined ? {} : { sent }),
    ...(ended === undefined ? {} : { ended: Number(ended) }),
  };
}
