import { randomBytes } from 'node:crypto';
import { noReplyFrame } from '../protocol/brokerFrames.ts';
import { INBOX } from './access.ts';
import type { Session } from './session.ts';

interface Waiting {
  readonly session: Session;
  /** The requester's own name for it. */
  readonly id: string;
  readonly timer: NodeJS.Timeout;
}

/** Requests that wait for a reply. The name of an inbox is random, so that only who got the request can answer it. */
export class Requests {
  readonly #waiting = new Map<string, Waiting>();
  readonly #send: (session: Session, json: string) => void;

  constructor(send: (session: Session, json: string) => void) {
    this.#send = send;
  }

  newInbox(): string {
    return `${INBOX}.${randomBytes(16).toString('hex')}`;
  }

  wait(session: Session, id: string, inbox: string, timeoutMs: number): void {
    const timer = setTimeout(() => this.answer(inbox, () => noReplyFrame(id, 'timeout')), timeoutMs);
    session.requests.set(id, inbox);
    this.#waiting.set(inbox, { session, id, timer });
  }

  /** The first answer is the reply. False when none is waited for any more. */
  answer(inbox: string, frame: (id: string) => string): boolean {
    const waiting = this.#waiting.get(inbox);
    if (waiting === undefined) return false;
    clearTimeout(waiting.timer);
    this.#waiting.delete(inbox);
    waiting.session.requests.delete(waiting.id);
    this.#send(waiting.session, frame(waiting.id));
    return true;
  }

  forget(session: Session): void {
    for (const inbox of session.requests.values()) {
      clearTimeout(this.#waiting.get(inbox)?.timer);
      this.#waiting.delete(inbox);
    }
  }
}
