/**
 * Who may say and hear what. A guest is untrusted code: it may talk to all others of its project, but cannot speak for
 * another, give orders that are the host's to give, or read what is addressed to another VM.
 */

interface Party {
  readonly name: string;
  readonly kind: 'guest' | 'host';
}

/** Replies go there; the names are random, so that only who was asked can answer. */
export const INBOX = '_INBOX';
/** What guests' agents answer: among them, to set the clock. */
const ORDERS = 'castra';

/** Why a session may not publish to a topic; undefined if it may. */
export function publishObstacle({ kind }: Party, topic: string): string | undefined {
  if (kind === 'guest' && firstToken(topic) === ORDERS) return 'only the host publishes below `castra`';
  return undefined;
}

/** Why a session may not subscribe to a pattern. */
export function subscribeObstacle({ kind, name }: Party, pattern: string): string | undefined {
  const first = firstToken(pattern);
  if (first === INBOX) return 'replies come without a subscription';
  if (kind === 'guest' && pattern.startsWith('vm:') && pattern !== `vm:${name}`)
    return `only the host and ${pattern.slice(3)} hear \`${pattern}\``;
  return undefined;
}

/** Whether a topic is about one VM, so that not all may hear it. */
export const isAddressed = (topic: string): boolean => topic.startsWith('vm:');

/** A wildcard does not reach what is addressed to another VM. */
export function mayHear({ kind, name }: Party, topic: string): boolean {
  return kind === 'host' || !isAddressed(topic) || topic === `vm:${name}`;
}

const firstToken = (topic: string): string => topic.split('.', 1)[0] ?? '';
