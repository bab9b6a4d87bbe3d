import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { checkPattern } from '../broker/client/check.ts';
import { matches } from '../broker/protocol/subjects.ts';
import { runningBroker } from '../broker/records/brokerRecord.ts';
import { type Entry, parseEntry } from '../broker/records/entry.ts';
import type { ProjectConfig } from '../config/project.ts';
import type { BusTailOptions, BusTailOutcome } from '../contract/bus.ts';
import { CastraError } from '../contract/failures.ts';
import { openTail, readSegment } from '../logs/tail.ts';
import { pause } from '../process/pause.ts';
import { projectFiles } from '../state/layout.ts';
import { connectBus } from './broker/connectBus.ts';
import { busCall } from './broker/openBus.ts';
import { openState } from './project/openProject.ts';
import { oneVmCalled, projectVms } from './project/vms.ts';
import { type Operation, type Run, tell } from './run.ts';

/** A broker that is gone comes back with the next `up`. */
const LOOK_AGAIN_MS = 1_000;

/** Tells the last messages of the bus out of its log, then with `follow` those that come, from the broker itself. */
export const busTail: Operation<BusTailOptions, BusTailOutcome> = async (options, run) => {
  const { place, project, diagnostics } = openState(options);
  tell(diagnostics, run);
  const { topic, vm: named } = options;
  if (topic !== undefined) await busCall(run, async () => checkPattern(topic));
  const vm = named === undefined ? {} : { vm: tailedVm(place.stateRoot, project, named) };
  const tail = new BusTail({ ...options, ...vm }, run);
  await tail.showRecorded(join(projectFiles(place.stateRoot).busLogs, 'bus.log'));
  if (options.follow) await follow(place.stateRoot, tail, run);
  if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
  return { value: { messages: tail.shown }, diagnostics };
};

/** `host` speaks on the bus too. */
function tailedVm(stateRoot: string, project: ProjectConfig | undefined, named: string): string {
  return named === 'host' ? named : oneVmCalled(projectVms(stateRoot, project?.vms ?? []), named).name;
}

/** Until the run is aborted. A message that comes while the broker is away is in the journal, and replayed. */
async function follow(stateRoot: string, tail: BusTail, run: Run): Promise<void> {
  const { signal, report } = run;
  while (!signal.aborted) {
    if (runningBroker(stateRoot) === undefined) {
      await pause(LOOK_AGAIN_MS, signal);
      continue;
    }
    try {
      await using bus = await connectBus(stateRoot, signal);
      for await (const message of (await bus?.subscribe('>', { since: tail.lastSeq, signal })) ?? [])
        tail.show(message);
    } catch (error) {
      if (signal.aborted) return;
      report({ type: 'message', severity: 'warning', text: error instanceof Error ? error.message : String(error) });
      await pause(LOOK_AGAIN_MS, signal);
    }
  }
}

class BusTail {
  readonly #options: BusTailOptions;
  readonly #run: Run;
  lastSeq = 0;
  shown = 0;

  constructor(options: BusTailOptions, run: Run) {
    this.#options = options;
    this.#run = run;
  }

  /** The last ones that are wanted: of a pattern, more lines than these have to be read. */
  async showRecorded(path: string): Promise<void> {
    const isWhole = this.#options.vm === undefined && this.#options.topic === undefined;
    // At least one: its number is where `follow` continues.
    const lines = isWhole ? Math.max(1, this.#options.tail) : Number.POSITIVE_INFINITY;
    const { older, current } = openTail(path, { lines });
    const wanted: Entry[] = [];
    const take = (line: string) => {
      const entry = parseEntry(line);
      if (entry === undefined) return;
      this.lastSeq = Math.max(this.lastSeq, entry.seq);
      if (!this.#isWanted(entry)) return;
      wanted.push(entry);
      if (wanted.length > this.#options.tail * 2) wanted.splice(0, wanted.length - this.#options.tail);
    };
    for (const segment of [...older, ...(current ? [current] : [])]) {
      try {
        await readSegment(segment, take, this.#run.signal, () => turn());
      } finally {
        closeSync(segment.file);
      }
    }
    const last = this.#options.tail === 0 ? [] : wanted.slice(-this.#options.tail);
    for (const entry of last) this.#tell({ ...entry, payload: JSON.parse(entry.payload) });
  }

  show(message: Omit<Entry, 'payload'> & { readonly payload: unknown }): void {
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (this.#isWanted(message)) this.#tell(message);
  }

  #isWanted({ from, topic }: Pick<Entry, 'from' | 'topic'>): boolean {
    const { vm, topic: pattern } = this.#options;
    const isOfVm = vm === undefined || from === vm || topic === `vm:${vm}`;
    return isOfVm && (pattern === undefined || matches(pattern, topic));
  }

  #tell({ seq, from, time, topic, payload }: Omit<Entry, 'payload'> & { readonly payload: unknown }): void {
    this.shown += 1;
    this.#run.report({ type: 'bus.message', seq, from, time, topic, payload });
  }
}
