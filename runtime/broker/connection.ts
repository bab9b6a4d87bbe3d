import type { Socket } from 'node:net';
import type { Session, SessionEnd } from './hub/session.ts';
import { ackFrame, errorFrame, noReplyFrame } from './protocol/brokerFrames.ts';
import { type ClientFrame, parseClientFrame } from './protocol/clientFrames.ts';
import { type Framed, type FrameReader, frameReader } from './protocol/frames.ts';
import { GREETING, isHello, MAX_HELLO_BYTES } from './protocol/handshake.ts';
import { HANDSHAKE_MS } from './settings.ts';

/** What the other end of a connection is, before it says a word. */
export type Origin =
  | { readonly kind: 'tcp'; readonly remote: string }
  /** QEMU's socket of this VM's port: who is at the other end needs no proof. */
  | { readonly kind: 'virtio'; readonly vm: string };

/** What becomes of a hello. */
export type Welcome =
  | { readonly kind: 'session'; readonly session: Session }
  /** The line to answer, and then to close. */
  | { readonly kind: 'refused'; readonly line: string };

export interface Host {
  /** Judges a hello, and opens a session. */
  readonly welcome: (line: string, connection: Connection) => Welcome;
  /** No hello came in time, or not one at all. */
  readonly failed: (connection: Connection, reason: 'read-timeout' | 'io-error') => void;
  readonly frame: (session: Session, frame: ClientFrame) => void;
  readonly refused: (session: Session, json: string) => void;
  readonly drained: (session: Session) => void;
  /** What came is dealt with now, and its answers are written. */
  readonly settle: () => void;
  readonly ended: (session: Session, end: SessionEnd, detail?: string) => void;
  readonly closed: (connection: Connection) => void;
}

const NEWLINE = 0x0a;
/** Garbage has thousands of broken lines; a guest's shell reads an answer to each at a few a second. */
const COMPLAIN_MS = 1_000;
/** The other end has this long to read why it is disconnected. */
const LINGER_MS = 2_000;

/** One socket: the hello, then frames, then its end. A port of a VM may have several sessions, one after the other. */
export class Connection {
  readonly origin: Origin;
  readonly #socket: Socket;
  readonly #host: Host;
  #line = Buffer.alloc(0);
  #reader: FrameReader | undefined;
  #session: Session | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #isOver = false;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(socket: Socket, origin: Origin, host: Host) {
    this.#socket = socket;
    this.origin = origin;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('drain', () => this.#session && host.drained(this.#session));
    socket.on('end', () => this.#ended());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#finish('io_error', `io_kind=${error.code}`));
    socket.on('close', () => this.#closed());
    socket.write(`${GREETING}\n`);
    if (origin.kind === 'tcp') this.#deadline = setTimeout(() => this.#tooLate(), HANDSHAKE_MS);
  }

  get remote(): string {
    return this.origin.kind === 'tcp' ? this.origin.remote : 'virtio';
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get sink() {
    return { write: (bytes: Buffer) => this.#socket.write(bytes) };
  }

  /** Says a last frame or line, and closes: the end is half-closed first, or a reset would swallow what was said. */
  end(last: string | undefined, reason: SessionEnd, detail?: string): void {
    const session = this.#session;
    if (session && last !== undefined) session.send(last);
    session?.outbox.flush();
    this.#finish(reason, detail);
    if (this.origin.kind === 'virtio') return;
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  /** For a VM that is gone, and when the broker stops. */
  destroy(): void {
    this.#socket.destroySoon();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver && this.origin.kind === 'tcp') return;
    if (this.#reader === undefined) this.#hello(chunk);
    else this.#read(this.#reader, chunk);
  }

  #hello(chunk: Buffer): void {
    this.#line = Buffer.concat([this.#line, chunk]);
    const newline = this.#line.indexOf(NEWLINE);
    if (newline < 0 || newline >= MAX_HELLO_BYTES) {
      if (newline < 0 && this.#line.length < MAX_HELLO_BYTES) return;
      this.#noHello(newline);
      return;
    }
    const line = this.#line.subarray(0, newline).toString();
    const rest = Buffer.from(this.#line.subarray(newline + 1));
    this.#line = Buffer.alloc(0);
    // A port may hold what an agent before this one left.
    const isLeft = this.origin.kind === 'virtio' && !isHello(line);
    if (!isLeft) this.#welcome(line);
    if (rest.length > 0) this.#take(rest);
  }

  /** On a port the garbage is dropped; on TCP it is the end. */
  #noHello(newline: number): void {
    const rest = newline < 0 ? Buffer.alloc(0) : Buffer.from(this.#line.subarray(newline + 1));
    this.#line = Buffer.alloc(0);
    if (this.origin.kind === 'virtio') {
      if (rest.length > 0) this.#hello(rest);
      return;
    }
    this.#host.failed(this, 'io-error');
    this.#refuse(`error: handshake exceeds ${MAX_HELLO_BYTES} bytes`);
  }

  #welcome(line: string): void {
    clearTimeout(this.#deadline);
    const welcome = this.#host.welcome(line, this);
    if (welcome.kind === 'refused') {
      this.#refuse(welcome.line);
      return;
    }
    this.#open(welcome.session);
  }

  #open(session: Session): void {
    this.#session = session;
    this.#isOver = false;
    this.#reader = frameReader(session.framing);
    this.#socket.write(`ok session=${session.id}\n`);
  }

  #refuse(line: string): void {
    if (this.origin.kind === 'virtio') {
      this.#socket.write(`${line}\n`);
      return;
    }
    this.#isOver = true;
    this.#socket.end(`${line}\n`);
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  #read(reader: FrameReader, chunk: Buffer): void {
    const rest = reader.read(chunk, (framed) => this.#framed(framed));
    if (rest.length > 0) this.#take(rest);
  }

  /** False: the reader's work ends here. */
  #framed(framed: Framed): boolean {
    const session = this.#session;
    if (session === undefined) return false;
    session.lastFrameAt = performance.now();
    if (framed.kind === 'broken') return this.#broken(session, framed.reason);
    const { text } = framed;
    if (session.framing === 'lines' && !text.startsWith('{') && isHello(text)) return !this.#again(text);
    const parsed = parseClientFrame(text);
    switch (parsed.kind) {
      case 'broken':
        return this.#broken(session, parsed.reason);
      case 'refused':
        this.#host.refused(session, refusal(parsed));
        return true;
      case 'frame':
        if (parsed.frame.type === 'bye') this.end(undefined, 'closed');
        else this.#host.frame(session, parsed.frame);
        return this.#session === session;
    }
  }

  /** An agent was started again in its guest: the port stays, its session is a new one. False if that is refused. */
  #again(line: string): boolean {
    const welcome = this.#host.welcome(line, this);
    if (welcome.kind === 'refused') {
      this.#socket.write(`${welcome.line}\n`);
      return false;
    }
    this.#finish('replaced');
    this.#open(welcome.session);
    return true;
  }

  #broken(session: Session, reason: string): boolean {
    if (session.framing === 'lines') {
      const now = performance.now();
      if (now - this.#complainedAt > COMPLAIN_MS) this.#host.refused(session, errorFrame(reason));
      this.#complainedAt = now;
      return true;
    }
    session.outbox.flush();
    // As the original: no frame, for the other end may have lost count as well.
    this.#socket.write(`error: ${reason}\n`);
    this.end(undefined, 'protocol_error', reason);
    return false;
  }

  /** A hello without a newline counts when nothing can follow it. */
  #ended(): void {
    if (!this.#isOver && this.#reader === undefined && this.origin.kind === 'tcp' && this.#line.length > 0)
      this.#welcome(this.#line.toString());
    // `printf … | nc` says all it has to say, and waits for the answers.
    if (this.#session) this.#host.settle();
    this.#finish('closed');
    this.#socket.end();
  }

  #tooLate(): void {
    this.#host.failed(this, 'read-timeout');
    this.#refuse('error: no handshake');
  }

  #finish(end: SessionEnd, detail?: string): void {
    const session = this.#session;
    this.#session = undefined;
    this.#reader = undefined;
    this.#isOver = true;
    if (session) this.#host.ended(session, end, detail);
  }

  #closed(): void {
    clearTimeout(this.#deadline);
    this.#finish('closed');
    this.#host.closed(this);
  }
}

function refusal({ type, topic, reason }: { type: string; topic?: string; reason: string }): string {
  return type === 'request' ? noReplyFrame('', reason) : ackFrame({ ack: type, topic, reason });
}
