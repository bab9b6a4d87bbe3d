import type { ClientFrame } from '../protocol/clientFrames.ts';
import type { Cursors } from '../records/cursors.ts';
import type { Journal } from '../records/journal.ts';
import { MAX_HOST_SUBSCRIPTIONS, MAX_SUBSCRIPTIONS } from '../settings.ts';
import { isAddressed, mayHear, subscribeObstacle } from './access.ts';
import { Replay } from './replay.ts';
import type { Session } from './session.ts';
import { SubjectIndex } from './subjectIndex.ts';

export type Subscribe = Extract<ClientFrame, { type: 'subscribe' }>;

/** Who hears what: live subscriptions, and those that are reading what they missed. */
export class Subscriptions {
  readonly #journal: Journal | undefined;
  readonly #cursors: Cursors;
  readonly #live = new SubjectIndex<Session>();
  readonly #durable = new SubjectIndex<Replay>();
  readonly #replays = new Set<Replay>();

  constructor(journal: Journal | undefined, cursors: Cursors) {
    this.#journal = journal;
    this.#cursors = cursors;
  }

  /** Why it is refused; undefined if it is not. */
  obstacle(session: Session, { topic, since, durable }: Subscribe): string | undefined {
    const limit = limitOf(session);
    if (!session.topics.has(topic) && session.topics.size >= limit) return `subscription limit ${limit} exceeded`;
    if ((since ?? durable) !== undefined && this.#journal === undefined)
      return 'nothing is recorded: `[broker] journal` is off';
    if (durable !== undefined && !this.#cursors.get(session.name, durable) && !this.#cursors.hasRoom(session.name))
      return 'too many durable subscriptions';
    return subscribeObstacle(session, topic);
  }

  /** `lastSeq` is that of the last message: a new durable subscription begins behind it. */
  add(session: Session, { topic, since, durable }: Subscribe, lastSeq: number): void {
    session.topics.add(topic);
    if (this.#journal === undefined || (since ?? durable) === undefined) {
      this.#live.add(topic, session);
      return;
    }
    for (const replay of this.#of(session, topic)) this.#drop(replay);
    this.#live.remove(topic, session);
    const after = durable === undefined ? (since ?? 0) : this.#begin(session, { topic, since, durable }, lastSeq);
    const replay = new Replay(session, topic, after, this.#journal, durable);
    this.#replays.add(replay);
    if (durable !== undefined) this.#durable.add(topic, replay);
  }

  /** Where a durable subscription continues: behind what was acknowledged. */
  #begin(
    { name: owner }: Session,
    { topic, since, durable: name }: { topic: string; since: number | undefined; durable: string },
    lastSeq: number,
  ): number {
    const known = this.#cursors.get(owner, name);
    if (known?.topic === topic) return known.seq;
    const seq = since ?? lastSeq;
    this.#cursors.set({ owner, name, topic, seq });
    return seq;
  }

  remove(session: Session, topic: string): void {
    session.topics.delete(topic);
    this.#live.remove(topic, session);
    for (const replay of this.#of(session, topic)) {
      this.#drop(replay);
      if (replay.durable !== undefined) this.#cursors.remove(session.name, replay.durable);
    }
  }

  /** A durable subscription outlives its session: what it misses is in the journal. */
  forget(session: Session): void {
    for (const topic of session.topics) this.#live.remove(topic, session);
    for (const replay of this.#of(session)) this.#drop(replay);
  }

  /** There is room for more of a durable subscription. */
  acknowledged(session: Session, durable: string, seq: number): void {
    for (const replay of this.#of(session)) if (replay.durable === durable) replay.acknowledged(seq);
  }

  /** Most messages are for all who subscribed: their list is handed out as it is. */
  listeners(topic: string, to: string | undefined): readonly Session[] {
    const all = this.#live.find(topic);
    if (to === undefined && !isAddressed(topic)) return all;
    return all.filter((session) => (to === undefined || session.name === to) && mayHear(session, topic));
  }

  durables(topic: string): readonly Replay[] {
    const all = this.#durable.find(topic);
    return isAddressed(topic) ? all.filter(({ session }) => mayHear(session, topic)) : all;
  }

  /** Those that are behind read on, as far as there is room. Only when everything is committed. */
  *pump(): Generator<Session> {
    for (const replay of this.#replays) {
      if (replay.isLive) continue;
      yield replay.session;
      if (!replay.pump() || replay.durable !== undefined) continue;
      this.#drop(replay);
      this.#live.add(replay.topic, replay.session);
    }
  }

  /** Sessions that are behind and could go on now. */
  get behind(): Session[] {
    return [...this.#replays].filter((replay) => !replay.isLive && replay.hasRoom).map(({ session }) => session);
  }

  #of(session: Session, topic?: string): Replay[] {
    return [...this.#replays].filter(
      (replay) => replay.session === session && (topic === undefined || replay.topic === topic),
    );
  }

  #drop(replay: Replay): void {
    replay.stop();
    this.#replays.delete(replay);
    this.#durable.remove(replay.topic, replay);
  }
}

export const limitOf = ({ kind }: Session): number => (kind === 'host' ? MAX_HOST_SUBSCRIPTIONS : MAX_SUBSCRIPTIONS);
