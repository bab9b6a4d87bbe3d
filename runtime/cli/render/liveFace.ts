import type { Face } from '../face.ts';
import { plainDisplay, textFace } from './text.ts';

/** A face whose progress moves on a terminal; the live display is loaded only where it can be seen. */
export async function liveFace<Value>(outcome: (value: Value) => string): Promise<Face> {
  const live = process.stdout.isTTY && process.env.TERM !== 'dumb';
  const display = live ? (await import('./live.ts')).liveDisplay(process.stdout) : plainDisplay;
  return textFace({ outcome, display });
}
