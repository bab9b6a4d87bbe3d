import type { Face } from '../face.ts';
import { renderBootstrapOutput } from './bootstrap.ts';
import { type EventDisplay, plainDisplay, textFace } from './text.ts';

/** A face whose progress moves on a terminal; the live display is loaded only where it can be seen. */
export async function liveFace<Value>(
  outcome: (value: Value) => string,
  { verbose = false }: { readonly verbose?: boolean } = {},
): Promise<Face> {
  const live = process.stdout.isTTY && process.env.TERM !== 'dumb';
  const display = live ? (await import('./live.ts')).liveDisplay(process.stdout) : plainDisplay;
  return textFace({ outcome, display: verbose ? withOutput(display) : display });
}

/** Also what bootstraps print, line by line. */
function withOutput(display: EventDisplay): EventDisplay {
  return {
    show(event) {
      if (event.type === 'bootstrap.output') {
        display.pause?.();
        process[event.stream].write(`${renderBootstrapOutput(event)}\n`);
      }
      display.show(event);
    },
    finish: () => display.finish(),
  };
}
