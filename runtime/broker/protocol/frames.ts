import { StringDecoder } from 'node:string_decoder';

/** How frames are told apart: a u32 length, big-endian, before each; or one line each (`bus-lines-v1`). */
export type Framing = 'length' | 'lines';

/** Bytes of JSON in one frame. A longer one is refused by its announced length. */
export const MAX_FRAME_BYTES = 65_536;

/** Of a text: UTF-8 takes three bytes at most for each of its units. */
const SURELY_SHORT = Math.floor(MAX_FRAME_BYTES / 3);
const LENGTH_BYTES = 4;
const NOTHING = Buffer.alloc(0);

export type Framed =
  | { readonly kind: 'frame'; readonly text: string }
  /** Lines go on behind it; with lengths the stream is lost. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Is handed each frame; false ends the reading. */
type Take = (framed: Framed) => boolean;

/** Takes the pieces of one stream as they come, and keeps what is not whole yet. */
export interface FrameReader {
  /** Returns what is behind the frame at which `take` returned false; else nothing. */
  read(chunk: Buffer, take: Take): Buffer;
}

export const frameReader = (framing: Framing): FrameReader =>
  framing === 'lines' ? new LineReader() : new LengthReader();

export function encodeFrame(json: string): Buffer {
  const length = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + length);
  frame.writeUInt32BE(length);
  frame.write(json, LENGTH_BYTES);
  return frame;
}

class LengthReader implements FrameReader {
  #rest: Buffer = NOTHING;
  #isLost = false;

  read(chunk: Buffer, take: Take): Buffer {
    if (this.#isLost) return NOTHING;
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = NOTHING;
    while (data.length >= LENGTH_BYTES) {
      const length = data.readUInt32BE(0);
      if (length === 0 || length > MAX_FRAME_BYTES) {
        this.#isLost = true;
        take({ kind: 'broken', reason: `invalid frame length ${length}` });
        return NOTHING;
      }
      const end = LENGTH_BYTES + length;
      if (data.length < end) break;
      const isWanted = take({ kind: 'frame', text: data.toString('utf8', LENGTH_BYTES, end) });
      data = data.subarray(end);
      if (!isWanted) return data;
    }
    // A copy: a piece of a big chunk would keep all of it.
    if (data.length > 0) this.#rest = Buffer.from(data);
    return NOTHING;
  }
}

/** Decodes each chunk as a whole, which takes a fraction of what decoding line by line does. */
class LineReader implements FrameReader {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  /** In the middle of a line that is too long: the rest of it is dropped. */
  #isSkipping = false;

  read(chunk: Buffer, take: Take): Buffer {
    const text = this.#rest + this.#decoder.write(chunk);
    this.#rest = '';
    let at = 0;
    for (let newline = text.indexOf('\n'); newline >= 0; newline = text.indexOf('\n', at)) {
      const line = text.slice(at, newline);
      at = newline + 1;
      if (!this.#line(line, take)) return Buffer.from(text.slice(at));
    }
    this.#keep(text.slice(at), take);
    return NOTHING;
  }

  #line(line: string, take: Take): boolean {
    if (this.#isSkipping) {
      this.#isSkipping = false;
      return true;
    }
    if (isTooLong(line)) return take(TOO_LONG);
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    return text === '' || take({ kind: 'frame', text });
  }

  #keep(rest: string, take: Take): void {
    if (this.#isSkipping) return;
    if (isTooLong(rest)) {
      this.#isSkipping = true;
      take(TOO_LONG);
    } else this.#rest = rest;
  }
}

const isTooLong = (text: string): boolean => text.length > SURELY_SHORT && Buffer.byteLength(text) > MAX_FRAME_BYTES;

const TOO_LONG: Framed = { kind: 'broken', reason: `line exceeds ${MAX_FRAME_BYTES} bytes` };
