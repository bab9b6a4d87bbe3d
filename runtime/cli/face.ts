import type { Event } from '../contract/events.ts';
import type { Failure } from '../contract/failures.ts';
import type { Output } from '../contract/output.ts';

/** How a command shows itself: as text for people, or as NDJSON for programs. */
export interface Face {
  event(event: Event): void;
  completed(output: Output<unknown>, exitCode: number): void;
  failed(failure: Failure, message: string, exitCode: number): void | Promise<void>;
}
