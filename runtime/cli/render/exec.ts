import type { EventOf } from '../../contract/events.ts';
import { painter } from './format.ts';

/** Each line after the name of the VM that printed it, so that many can share a terminal. */
export function renderExecOutput({ vm, stream, text }: EventOf<'exec.output'>): string {
  const prefix = painter(process[stream])('cyan', `[${vm}]`);
  const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
  return lines
    .split('\n')
    .map((line) => `${prefix} ${line}`)
    .join('\n');
}
