import type { Event } from '../../contract/events.ts';
import { HOST_NOT_READY } from '../../contract/failures.ts';
import type { Output } from '../../contract/output.ts';
import type { Face } from '../face.ts';
import { printDiagnostics } from './diagnostics.ts';
import { renderEvent } from './events.ts';
import { painter } from './format.ts';
import { print } from './print.ts';

export interface TextOptions<Value> {
  /** Prints the outcome. */
  readonly outcome: (value: Value) => string;
  /** Shows events as they come; plain lines unless a live display is given. */
  readonly display?: EventDisplay;
}

/** Something that shows events and can get out of the way of other output. */
export interface EventDisplay {
  show(event: Event): void;
  /** Clears what moves, for a line that another writes. */
  pause?(): void;
  finish(): void;
}

export const plainDisplay: EventDisplay = {
  show(event) {
    const line = renderEvent(event);
    if (line) print(process[line.stream], `${line.text}\n`);
  },
  finish: () => undefined,
};

/** For commands whose standard output is the guest's: what Castra says goes to standard error. */
export const besideGuest: EventDisplay = {
  show(event) {
    if (event.type === 'message' && event.severity === 'info') print(process.stderr, `${event.text}\n`);
    else plainDisplay.show(event);
  },
  finish: () => undefined,
};

/** For commands whose standard output is an answer, for scripts: the broker may have been started for it. */
export const besideAnswer: EventDisplay = {
  show(event) {
    const line = renderEvent(event);
    if (line) print(process.stderr, `${line.text}\n`);
  },
  finish: () => undefined,
};

/** For people. Everything is printed once: a failure's diagnostics are not repeated in its message. */
export function textFace<Value>({ outcome, display = plainDisplay }: TextOptions<Value>): Face {
  return {
    event: (event) => display.show(event),
    completed(output) {
      display.finish();
      print(process.stdout, outcome((output as Output<Value>).value));
    },
    failed(failure, message) {
      display.finish();
      if (failure.kind === 'config-invalid') printDiagnostics(failure.diagnostics);
      if (failure.kind === 'preflight-failed') printDiagnostics(failure.problems);
      const summary = failure.kind === 'preflight-failed' ? `${HOST_NOT_READY}.` : message;
      const paint = painter(process.stderr);
      print(process.stderr, `${paint('red', 'Error:')} ${summary}\n`);
    },
  };
}
