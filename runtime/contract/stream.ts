import type { Event } from './events.ts';
import type { Failure } from './failures.ts';

/**
 * The version of what `--json` prints. Adding a line type or a field keeps it; anything else raises it.
 * Readers ignore line types they do not know.
 */
export const CONTRACT = 1;

/**
 * One line of `--json`: a stream begins with `stream.started` and ends with exactly one `command.*` line.
 * A stream without that last line means that the process died.
 */
export type StreamLine =
  | {
      readonly type: 'stream.started';
      readonly contract: typeof CONTRACT;
      readonly castra: string;
      readonly command: string;
      readonly pid: number;
    }
  | (Event & { readonly at: string })
  /** Only `status --watch`: a new picture, each as `command.completed` would carry it. */
  | { readonly type: 'snapshot'; readonly outcome: unknown }
  | { readonly type: 'command.completed'; readonly outcome: unknown; readonly exitCode: number }
  | {
      readonly type: 'command.failed';
      readonly failure: Failure;
      readonly message: string;
      readonly exitCode: number;
    };

/** One line on standard input of a mutating command with `--json`. */
export type ControlLine = { readonly type: 'cancel' };

export function encodeLine(line: StreamLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Undefined for anything that is not a control line we know: a reader must survive a newer writer. */
export function decodeControl(line: string): ControlLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'cancel') {
      return { type: 'cancel' };
    }
  } catch {
    // Not JSON: not for us.
  }
  return undefined;
}
