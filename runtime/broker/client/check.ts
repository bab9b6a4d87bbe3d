import { MAX_FRAME_BYTES } from '../protocol/frames.ts';
import { isPattern, isTopic } from '../protocol/subjects.ts';
import { BusError } from './incoming.ts';

/**
 * What the broker would refuse is refused here, with a sentence: its answer to a frame that it cannot read names no
 * request. Each throws `BusError` `refused`.
 */
export function checkTopic(topic: string): void {
  if (!isTopic(topic))
    throw new BusError('refused', `${JSON.stringify(topic)} is not a topic: words with dots between`);
}

export function checkPattern(pattern: string): void {
  if (!isPattern(pattern))
    throw new BusError(
      'refused',
      `${JSON.stringify(pattern)} is not a topic, and not a pattern such as "a.*" or "a.>"`,
    );
}

export function checkVm(name: string | undefined): void {
  if (name !== undefined && !/^[\w.-]{1,64}$/.test(name))
    throw new BusError('refused', `${JSON.stringify(name)} is not the name of a VM`);
}

export function checkSize(frame: string): void {
  // UTF-8 takes three bytes at most for each unit of a text.
  if (frame.length * 3 <= MAX_FRAME_BYTES || Buffer.byteLength(frame) <= MAX_FRAME_BYTES) return;
  throw new BusError('refused', `a message has at most ${MAX_FRAME_BYTES} bytes; \`castra cp\` is for more`);
}

/** Most messages go to a few topics, which are checked and put in quotes once. */
const quoted = new Map<string, string>();
const MAX_QUOTED = 1_000;

export function quote(topic: string): string {
  const known = quoted.get(topic);
  if (known !== undefined) return known;
  checkTopic(topic);
  if (quoted.size >= MAX_QUOTED) quoted.clear();
  const text = JSON.stringify(topic);
  quoted.set(topic, text);
  return text;
}
