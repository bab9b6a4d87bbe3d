/**
 * Topics, as NATS has them: tokens with dots between. A subscription may have `*` for one token, and a last `>` for one
 * or more. `vm:<name>` and `broadcast` are tokens as any other; access.ts says who may use which.
 */

/** A longer one is a mistake, and every message to it would carry it. */
const MAX_TOPIC_BYTES = 256;

/** No white space, controls, quotes or backslashes: so shells and logs need no escapes, and JSON has none. */
const TOKEN = '[^\\s\\p{Cc}\\u2028\\u2029"\\\\*>.]+';
const TOPIC = new RegExp(`^${TOKEN}(?:\\.${TOKEN})*$`, 'u');
const PATTERN = new RegExp(`^(?:(?:${TOKEN}|\\*)(?:\\.(?:${TOKEN}|\\*))*(?:\\.>)?|>)$`, 'u');

export const isTopic = (text: string): boolean => fits(text) && TOPIC.test(text);

/** What one may subscribe to: a topic, or a pattern. */
export const isPattern = (text: string): boolean => fits(text) && PATTERN.test(text);

const fits = (text: string): boolean => text.length <= MAX_TOPIC_BYTES && Buffer.byteLength(text) <= MAX_TOPIC_BYTES;

/** Whether a pattern has `*` or `>` as a token. */
export const isWild = (pattern: string): boolean => /(?:^|\.)[*>](?:\.|$)/.test(pattern);

export function matches(pattern: string, topic: string): boolean {
  if (!isWild(pattern)) return pattern === topic;
  const wanted = pattern.split('.');
  const tokens = topic.split('.');
  if (wanted.at(-1) === '>') {
    return tokens.length >= wanted.length && wanted.slice(0, -1).every((token, at) => fitsToken(token, tokens[at]));
  }
  return tokens.length === wanted.length && wanted.every((token, at) => fitsToken(token, tokens[at]));
}

const fitsToken = (wanted: string, token: string | undefined): boolean => wanted === '*' || wanted === token;
