import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeFrame, type Framing, frameReader, MAX_FRAME_BYTES } from '../../../../runtime/broker/protocol/frames.ts';

/** What a reader makes of a stream that comes in pieces of a size. */
function read(framing: Framing, stream: Buffer, size: number): string[] {
  const reader = frameReader(framing);
  const seen: string[] = [];
  for (let at = 0; at < stream.length; at += size) {
    reader.read(stream.subarray(at, at + size), (framed) => {
      seen.push(framed.kind === 'frame' ? framed.text : `! ${framed.reason}`);
      return true;
    });
  }
  return seen;
}

const SIZES = [1, 2, 3, 7, 64, 1_000_000];

describe('frames with lengths', () => {
  it('are the same however the stream is cut', () => {
    const texts = ['{"type":"heartbeat"}', '{"größe":"日本"}', `"${'x'.repeat(MAX_FRAME_BYTES - 2)}"`];
    const stream = Buffer.concat(texts.map(encodeFrame));
    for (const size of SIZES) assert.deepEqual(read('length', stream, size), texts, `pieces of ${size}`);
  });

  it('end at a length that cannot be, before its bytes have come', () => {
    for (const length of [0, MAX_FRAME_BYTES + 1, 0x47455420]) {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(length);
      const stream = Buffer.concat([encodeFrame('{}'), head, encodeFrame('{}')]);
      assert.deepEqual(read('length', stream, 5), ['{}', `! invalid frame length ${length}`]);
    }
  });
});

describe('frames as lines', () => {
  it('are the same however the stream is cut, also within a letter', () => {
    const stream = Buffer.from('{"a":1}\n\n{"größe":"日本"}\r\n{"b":2}\n{"not whole');
    for (const size of SIZES)
      assert.deepEqual(read('lines', stream, size), ['{"a":1}', '{"größe":"日本"}', '{"b":2}'], `${size}`);
  });

  it('go on behind a line that is too long, which is told once', () => {
    const stream = Buffer.from(`{"a":1}\n${'x'.repeat(3 * MAX_FRAME_BYTES)}\n{"b":2}\n`);
    for (const size of [1000, 65_536, 10_000_000])
      assert.deepEqual(
        read('lines', stream, size),
        ['{"a":1}', `! line exceeds ${MAX_FRAME_BYTES} bytes`, '{"b":2}'],
        `${size}`,
      );
  });

  it('take a line of exactly the limit', () => {
    const line = 'é'.repeat(MAX_FRAME_BYTES / 2);
    assert.deepEqual(read('lines', Buffer.from(`${line}\n`), 4096), [line]);
  });

  it('stop where they are told to, and hand the rest back', () => {
    const rest = frameReader('lines').read(Buffer.from('one\ntwo\nthree'), ({ kind }) => kind !== 'frame');
    assert.equal(rest.toString(), 'two\nthree');
  });
});
