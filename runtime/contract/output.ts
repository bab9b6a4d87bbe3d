import type { Diagnostic } from './diagnostics.ts';

/** What an operation returns: its value, and what it found noteworthy on the way. */
export interface Output<T> {
  readonly value: T;
  readonly diagnostics: readonly Diagnostic[];
}
