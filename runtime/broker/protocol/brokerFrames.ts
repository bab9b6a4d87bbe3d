/**
 * What the broker says: compact JSON with keys in alphabetical order, since guests' shell scripts look for substrings
 * such as `"type":"ack"`. No topic, name or id needs an escape (subjects.ts, clientFrames.ts).
 */

export interface Message {
  readonly seq: number;
  readonly from: string;
  /** Milliseconds since 1970, by this host's clock. */
  readonly time: number;
  readonly topic: string;
  /** JSON on one line. */
  readonly payload: string;
  /** Where a reply is published. */
  readonly inbox?: string;
}

/** `payload` comes early and everything after it is ours, so that a shell can cut it out from both ends. */
export function messageFrame({ seq, from, time, topic, payload, inbox }: Message, durable?: string): string {
  const name = durable === undefined ? '' : `"durable":"${durable}",`;
  const reply = inbox === undefined ? '' : `"inbox":"${inbox}",`;
  return `{${name}"from":"${from}",${reply}"payload":${payload},"seq":${seq},"time":${time},"topic":"${topic}","type":"message"}`;
}

export interface Ack {
  /** The type of the frame that is acknowledged. */
  readonly ack: string;
  readonly topic?: string | undefined;
  readonly seq?: number;
  /** As the frame had it. */
  readonly id?: string | undefined;
  /** Why it could not be done. */
  readonly reason?: string;
}

export function ackFrame({ ack, topic, seq, id, reason }: Ack): string {
  const status = reason === undefined ? 'ok' : 'error';
  return JSON.stringify({ ack, id, reason, seq, status, topic, type: 'ack' });
}

export function replyFrame(id: string, from: string, payload: string): string {
  return `{"from":"${from}","id":"${id}","payload":${payload},"status":"ok","type":"reply"}`;
}

export function noReplyFrame(id: string, reason: string): string {
  return JSON.stringify({ id, reason, status: 'error', type: 'reply' });
}

/** Messages of a durable subscription that are not recorded any more. */
export function gapFrame(topic: string, from: number, to: number): string {
  return JSON.stringify({ from, to, topic, type: 'gap' });
}

export const errorFrame = (reason: string): string => JSON.stringify({ reason, type: 'error' });

/** The broker ends the session: it stops, or another session took its place. */
export const byeFrame = (reason: string): string => JSON.stringify({ reason, type: 'bye' });
