import { CastraError, exitCodes, type Failure, messageOf, unexpected } from '../contract/failures.ts';
import type { Output } from '../contract/output.ts';
import { decodeControl } from '../contract/stream.ts';
import type { Run } from '../operations/run.ts';
import type { Face } from './face.ts';
import { jsonFace } from './render/json.ts';

export interface Session<Value> {
  readonly command: string;
  readonly json: boolean;
  /** Made only when it is needed: renderers are loaded lazily. */
  readonly face: () => Promise<Face>;
  readonly operation: (run: Run) => Promise<Output<Value>>;
  readonly exitCode?: (value: Value) => number;
}

/** Runs one operation with its face, signals and cancel line. Resolves with the exit code; never rejects. */
export async function runSession<Value>(session: Session<Value>): Promise<number> {
  const face = session.json ? jsonFace(session.command) : await session.face();
  const cancel = await watchForCancel(session.json);
  let readerGone = false;
  const noteGone = () => {
    readerGone = true;
  };
  process.stdout.once('close', noteGone);
  try {
    const output = await session.operation({ report: (event) => face.event(event), signal: cancel.signal });
    const exitCode = session.exitCode?.(output.value) ?? 0;
    face.completed(output, exitCode);
    return exitCode;
  } catch (error) {
    // Who closed the pipe (`castra exec … | head -1`) wants to hear no more; main.ts tells of a full disk.
    if (readerGone && error instanceof CastraError && error.failure.kind === 'cancelled') return READER_GONE;
    const failure: Failure = error instanceof CastraError ? error.failure : unexpected(error, describeBug(error));
    const message = error instanceof CastraError ? error.message : new CastraError(failure).message;
    await face.failed(failure, message, exitCodes[failure.kind]);
    return exitCodes[failure.kind];
  } finally {
    process.stdout.off('close', noteGone);
    cancel.dispose();
  }
}

/** What shells report for a program that SIGPIPE ended. */
const READER_GONE = 141;

function describeBug(error: unknown): string {
  return error instanceof Error && process.env.CASTRA_DEBUG ? (error.stack ?? error.message) : messageOf(error);
}

interface Cancel {
  readonly signal: AbortSignal;
  dispose(): void;
}

/** The end of input does not cancel: a window that reloads closes it too. SIGHUP is: the terminal is gone. */
async function watchForCancel(json: boolean): Promise<Cancel> {
  const controller = new AbortController();
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const ignore = () => {
    for (const signal of signals) process.off(signal, abort);
  };
  // The second one has its default effect again: whatever this command is doing then, it ends.
  const abort = () => {
    controller.abort();
    ignore();
  };
  for (const signal of signals) process.on(signal, abort);
  const readline = json && !process.stdin.isTTY ? await import('node:readline') : undefined;
  const lines = readline?.createInterface({ input: process.stdin });
  lines?.on('line', (line) => {
    if (decodeControl(line)?.type === 'cancel') abort();
  });
  return {
    signal: controller.signal,
    dispose() {
      ignore();
      lines?.close();
      // An open standard input would keep the process alive after its work is done.
      if (lines) process.stdin.destroy();
    },
  };
}
