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
    const files = projectFiles(stateRoot);
    const folders = [files.logs, ...(sources.some(({ runs }) => runs) ? [files.bootstrapLogs] : [])];
    if (options.follow) await followAll(shown, folders, { signal: run.signal, rest });
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    return { value: { logs: shown.map((source) => source.outcome) }, diagnostics };
  } finally {
    for (const source of shown) source.close();
  }
};

/** Until the run is aborted: nothing else ends it, for a VM that is stopped may be started again. */
async function followAll(
  shown: readonly ShownSource[],
  folders: readonly string[],
  { signal, rest }: { readonly signal: AbortSignal; readonly rest: Rest },
): Promise<void> {
  const alarm = watchFolder(folders);
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
  /** The run that is followed. */
  #followed: string | undefined;
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
      if (this.#source.runs) await this.#showRuns(this.#source.runs(), request, follow);
      else await this.#showFile(openTail(this.#source.path, request), request, follow);
    } catch (error) {
      this.#announce('unreadable', messageOf(error));
    }
  }

  /** True when there may be more at once. */
  readOn(): boolean {
    try {
      return this.#readRuns() || (this.#tracker?.read(this.#emit) ?? false);
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

  /** One file for each run. Only the last one may still grow. */
  async #showRuns(runs: readonly string[], request: TailRequest, follow: boolean): Promise<void> {
    this.#announce(runs.length === 0 ? 'missing' : 'present');
    const last = runs.at(-1);
    const ended = follow ? runs.slice(0, -1) : runs;
    let wanted = request.lines;
    if (follow && last !== undefined) {
      const { older, current, lines } = openTail(last, request);
      for (const { file } of older) closeSync(file);
      this.#follow(last, current);
      wanted -= lines;
    }
    const chosen: { readonly path: string; readonly request: TailRequest }[] = [];
    for (const path of ended.toReversed()) {
      if (wanted <= 0) break;
      const { older, current, lines } = openTail(path, { ...request, lines: wanted });
      for (const { file } of current ? [...older, current] : older) closeSync(file);
      chosen.push({ path, request: { ...request, lines: wanted } });
      wanted -= lines;
    }
    for (const run of chosen.reverse()) {
      const { older, current } = openTail(run.path, run.request);
      await this.#readAll(current ? [...older, current] : older);
    }
  }

  #follow(path: string, segment?: Segment): void {
    this.#tracker = new LogTracker(path, segment);
    this.#followed = path;
  }

  /** A run that began since the last look: what is left of the one before is read first. */
  #readRuns(): boolean {
    const last = this.#source.runs?.().at(-1);
    if (last === undefined || last === this.#followed) return false;
    if (this.#tracker?.read(this.#emit)) return true;
    this.#tracker?.flush(this.#emit);
    this.close();
    this.#follow(last);
    return true;
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
