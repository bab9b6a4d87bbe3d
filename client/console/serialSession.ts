import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** What shows the session; its functions are called only after `open`. */
export interface SerialFace {
  /** What is said at the beginning and at the end, in the user's language. */
  readonly connected: string;
  readonly ended: string;
  write(text: string): void;
  /** The terminal is not needed any more. */
  close(): void;
}

/** A serial console in a terminal that is not a process. */
export interface SerialSession {
  /** Whether the VM has ended. */
  readonly isOver: boolean;
  /** The terminal can show something now. Until then nothing is read, and QEMU keeps it. */
  open(): void;
  /** What was typed, control characters and all; after the end of the VM any key closes the terminal. */
  input(text: string): void;
  /** The VM runs again: the same terminal shows its new console. */
  attach(connection: Duplex): void;
  close(): void;
}

/** What a guest that does not read may be sent: a person cannot type as much, a paste can have more. */
const MAX_WAITING_BYTES = 1024 * 1024;
const BELL = '\u0007';

/** Takes over the connection. A reboot of the guest goes unnoticed, for QEMU keeps its end open. */
export function serialSession(first: Duplex, face: SerialFace): SerialSession {
  let connection = first;
  let isOpen = false;
  let isOver = false;
  const sayOver = () => face.write(`\r\n${face.ended}\r\n`);
  const listen = (to: Duplex) => {
    const toText = terminalText();
    to.on('data', (bytes: Buffer) => face.write(toText(bytes)));
  };
  const follow = (to: Duplex) => {
    to.once('close', () => {
      isOver = true;
      if (isOpen) sayOver();
    });
  };
  follow(first);
  return {
    get isOver() {
      return isOver;
    },
    open() {
      isOpen = true;
      face.write(`${face.connected}\r\n`);
      if (isOver) return sayOver();
      listen(connection);
    },
    input(text) {
      if (isOver) return face.close();
      if (connection.writableLength < MAX_WAITING_BYTES) connection.write(text);
      else face.write(BELL);
    },
    attach(next) {
      if (!isOpen) return void next.destroy();
      connection = next;
      isOver = false;
      follow(next);
      face.write(`${face.connected}\r\n`);
      listen(next);
    },
    close() {
      isOpen = false;
      connection.destroy();
    },
  };
}

/** Bytes to what a terminal shows. Characters may be cut in two; a line end that lacks its return gets one. */
export function terminalText(): (bytes: Buffer) => string {
  const decoder = new StringDecoder('utf8');
  let last = '';
  return (bytes) => {
    const text = decoder.write(bytes);
    // A line feed alone moves straight down; most guests send both, as their serial driver adds the return.
    const shown = text.replace(/\n/g, (newline, at: number) =>
      (at > 0 ? text[at - 1] : last) === '\r' ? newline : '\r\n',
    );
    last = text.at(-1) ?? last;
    return shown;
  };
}
