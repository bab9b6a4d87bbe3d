import { closeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { EventOf } from '../contract/events.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { LogsOptions, LogsOutcome, ShownLog } from '../contract/logs.ts';
import { openTail, readSegment, type Segment, type Tail, type TailRequest } from '../logs/tail.ts';
import { LogTracker } from '../logs/track.ts';
import { watchFolder } from '../logs/wake.ts';
import { projectFiles } from '../state/layout.ts';
import { readRecord } from '../state/record.ts';
import { type LogSource, selectSources } from './logs/sources.ts';
import { openState } from './project/openProject.ts';
import { type Operation, type Run, tell } from './run.ts';

const DEFAULT_LINES = 100;

/** Tells the last lines of logs, source by source, then with `follow` what is added, as it comes. */
export const logs: Operation<LogsOptions, LogsOutcome> = async (options, run) => {
  const { place, project, diagnostics } = openState(options);
  tell(diagnostics, run);
  const { stateRoot } = place;
  const rest = async () => {
    await turn();
    await options.drained?.();
  };
  const sources = selectSources(stateRoot, project, options);
  const shown = sources.map((source) => new ShownSource(source, { stateRoot, run, rest }));
  try {
    for (const source of shown) await source.showTail(options);
    if (options.follow) await followAll(shown, projectFiles(stateRoot).logs, { signal: run.signal, rest });
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    return { value: { logs: shown.map((source) => source.outcome) }, diagnostics };
  } finally {
    for (const source of shown) source.close();
  }
};

/** Until the run is aborted: nothing else ends it, for a VM that is stopped may be started again. */
async function followAll(
  shown: readonly ShownSource[],
  folder: string,
  { signal, rest }: { readonly signal: AbortSignal; readonly rest: Rest },
): Promise<void> {
  const alarm = watchFolder(folder);
  try {
    while (!signal.aborted) {
      const more = shown.map((source) => source.readOn());
      await rest();
      if (!more.includes(true)) await alarm.next(signal);
    }
  } finally {
    alarm.close();
  }
}

type Rest = () => Promise<void>;

interface Showing {
  readonly stateRoot: string;
  readonly run: Run;
  readonly rest: Rest;
}

class ShownSource {
  readonly #source: LogSource;
  readonly #stateRoot: string;
  readonly #run: Run;
  readonly #rest: Rest;
  #tracker: LogTracker | undefined;
  #lines = 0;

  constructor(source: LogSource, { stateRoot, run, rest }: Showing) {
    this.#source = source;
    this.#stateRoot = stateRoot;
    this.#run = run;
    this.#rest = rest;
  }

  get outcome(): ShownLog {
    const { runs, ...source } = this.#source;
    return { ...source, lines: this.#lines };
  }

  async showTail({ tail, since, follow = false }: LogsOptions): Promise<void> {
    const lines = tail ?? (since === undefined ? DEFAULT_LINES : Number.POSITIVE_INFINITY);
    const request = { lines, headers: this.#source.kind === 'qemu', ...(since === undefined ? {} : { since }) };
    try {
      if (this.#source.runs) await this.#showRuns(this.#source.runs, request);
      else await this.#showFile(openTail(this.#source.path, request), request, follow);
    } catch (error) {
      this.#announce('unreadable', messageOf(error));
    }
  }

  /** True when there may be more at once. */
  readOn(): boolean {
    try {
      return this.#tracker?.read(this.#emit) ?? false;
    } catch (error) {
      this.#announce('unreadable', messageOf(error));
      this.close();
      return false;
    }
  }

  close(): void {
    this.#tracker?.close();
    this.#tracker = undefined;
  }

  async #showFile({ older, current }: Tail, request: TailRequest, follow: boolean): Promise<void> {
    const files = current ? [...older, current] : older;
    if (follow) this.#tracker = new LogTracker(this.#source.path, current);
    const empty = files.every(({ size }) => size === 0);
    this.#announce(
      files.length === 0 ? 'missing' : empty ? 'empty' : 'present',
      empty ? undefined : this.#doubt(request),
    );
    await this.#readAll(follow ? older : files);
  }

  /** Each is written whole at the end of a bootstrap, so there is nothing in it to follow. */
  async #showRuns(runs: readonly string[], request: TailRequest): Promise<void> {
    this.#announce(runs.length === 0 ? 'missing' : 'present');
    const chosen: TailRequest[] = [];
    let wanted = request.lines;
    for (const path of runs.toReversed()) {
      if (wanted <= 0) break;
      const { older, current, lines } = openTail(path, { ...request, lines: wanted });
      for (const { file } of current ? [...older, current] : older) closeSync(file);
      chosen.push({ ...request, lines: wanted });
      wanted -= lines;
    }
    for (const [index, path] of runs.slice(runs.length - chosen.length).entries()) {
      const { older, current } = openTail(path, chosen[chosen.length - 1 - index] ?? request);
      await this.#readAll(current ? [...older, current] : older);
    }
  }

  async #readAll(segments: readonly Segment[]): Promise<void> {
    try {
      for (const segment of segments) await readSegment(segment, this.#emit, this.#run.signal, this.#rest);
    } finally {
      for (const { file } of segments) closeSync(file);
    }
  }

  /** A console has no times in it: only a file as a whole is known to be older. */
  #doubt({ since }: TailRequest): string | undefined {
    if (since === undefined || this.#source.kind !== 'serial') return undefined;
    const launchedAt = readRecord(this.#stateRoot, this.#source.vm ?? '')?.launchedAt;
    if (launchedAt !== undefined && Date.parse(launchedAt) >= since) return undefined;
    const began = launchedAt === undefined ? '' : `. This VM was started at ${launchedAt}`;
    return `its lines have no times, so earlier lines of the same file are shown too${began}`;
  }

  #announce(state: EventOf<'log.source'>['state'], note?: string): void {
    const { runs, ...source } = this.#source;
    this.#run.report({ type: 'log.source', ...source, state, ...(note === undefined ? {} : { note }) });
  }

  readonly #emit = (text: string): void => {
    const { source, vm, kind } = this.#source;
    this.#lines++;
    this.#run.report({ type: 'log.line', source, ...(vm === undefined ? {} : { vm }), kind, text });
  };
}
