import { setTimeout as delay } from 'node:timers/promises';

/** Of anything a test waits for in the window. A loaded machine with two cores needs seconds for what looks instant. */
export const WAIT_MS = 30_000;
const POLL_MS = 50;

/** Asks again until the answer is `wanted`, and returns it. Says what was there instead when it never is. */
export async function eventually<Value>(
  read: () => Promise<Value>,
  wanted: (value: Value) => boolean,
  what: string,
): Promise<Value> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    if (performance.now() > deadline) throw new Error(`${what}; there is ${JSON.stringify(value)}`);
    await delay(POLL_MS);
  }
}

/** `text` in a regular expression. */
export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
