import { gapFrame, messageFrame } from '../protocol/brokerFrames.ts';
import { matches } from '../protocol/subjects.ts';
import type { Entry } from '../records/entry.ts';
import type { Journal } from '../records/journal.ts';
import { JournalReader, oldestSeq } from '../records/journalReader.ts';
import { mayHear } from './access.ts';
import type { OutFrame } from './outbox.ts';
import type { Session } from './session.ts';

/** So many frames wait in an outbox at most: what is recorded can be read again later. */
const AHEAD = 1_000;
/** Of a durable subscription, so many are under way without being acknowledged: a slow program keeps no more in memory. */
const WINDOW = 1_000;
/** Pieces of the journal in one turn: others have theirs in between, however much there is to read. */
const PIECES = 4;

/**
 * What a session missed, out of the journal. A durable subscription stays one: while its session keeps up it is `live`
 * and gets messages as they come; when it does not, it reads them from the journal once there is room again.
 */
export class Replay {
  readonly session: Session;
  readonly topic: string;
  readonly durable: string | undefined;
  readonly #journal: Journal;
  #reader: JournalReader | undefined;
  #ready: Entry[] = [];
  /** Sent and not acknowledged, in their order. */
  #underWay: number[] = [];
  /** The last one that was handed to the session. */
  #sent: number;
  isLive = false;

  constructor(session: Session, topic: string, after: number, journal: Journal, durable?: string) {
    this.session = session;
    this.topic = topic;
    this.durable = durable;
    this.#sent = after;
    this.#journal = journal;
    this.#tellGap(after);
  }

  get hasRoom(): boolean {
    const { outbox } = this.session;
    return outbox.length < AHEAD && !outbox.isFull && this.#underWay.length < WINDOW;
  }

  /** Hands over a message that was just published, or leaves it to be read from the journal later. */
  deliver(frame: () => OutFrame, seq: number): void {
    this.isLive &&= this.hasRoom;
    if (this.isLive) this.#push(frame(), seq);
  }

  acknowledged(seq: number): void {
    const first = this.#underWay.findIndex((one) => one > seq);
    this.#underWay = first < 0 ? [] : this.#underWay.slice(first);
  }

  /** Goes on as far as there is room. True when it has caught up: from now on it is live. Only after a commit. */
  pump(): boolean {
    if (this.isLive) return true;
    this.#reader ??= new JournalReader(this.#journal, this.#sent);
    for (let pieces = 0; pieces < PIECES; pieces++) {
      this.#handOver();
      if (!this.hasRoom) return false;
      const more = this.#reader.next();
      if (more === undefined) {
        this.stop();
        this.isLive = true;
        return true;
      }
      this.#ready = more;
    }
    return false;
  }

  stop(): void {
    this.#reader?.close();
    this.#reader = undefined;
    this.#ready = [];
  }

  /** Of what was read, as much as there is room for. */
  #handOver(): void {
    let at = 0;
    for (; at < this.#ready.length && this.hasRoom; at++) {
      const entry = this.#ready[at] as Entry;
      if (matches(this.topic, entry.topic) && mayHear(this.session, entry.topic))
        this.#push({ json: messageFrame(entry, this.durable), isMessage: false }, entry.seq);
      else this.#sent = entry.seq;
    }
    this.#ready = this.#ready.slice(at);
  }

  #push(frame: OutFrame, seq: number): void {
    this.session.outbox.push(frame);
    this.session.delivered += 1;
    this.#sent = seq;
    if (this.durable !== undefined) this.#underWay.push(seq);
  }

  #tellGap(after: number): void {
    const oldest = Math.min(oldestSeq(this.#journal), this.#journal.lastSeq + 1);
    if (after > 0 && oldest > after + 1) this.session.send(gapFrame(this.topic, after + 1, oldest - 1));
  }
}
