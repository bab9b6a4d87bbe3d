/** Bytes of a stream, taken as they are needed. */
export interface ByteReader {
  /** Exactly so many; undefined where the stream has ended, and fails when it ends amid them. */
  take(count: number): Promise<Buffer | undefined>;
  /** So many, in pieces of at most `bite` bytes. Fails when the stream ends before. */
  pass(count: number, bite: number): AsyncGenerator<Uint8Array>;
}

export function readBytes(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  const fill = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await iterator.next();
      if (next.done) return false;
      rest = next.value;
    }
    return true;
  };
  const cut = (count: number): Uint8Array => {
    const piece = rest.subarray(0, count);
    rest = rest.subarray(piece.length);
    return piece;
  };
  return {
    async take(count) {
      const pieces: Uint8Array[] = [];
      for (let missing = count; missing > 0; ) {
        if (!(await fill())) {
          if (pieces.length === 0) return undefined;
          throw new Error('the data is truncated');
        }
        const piece = cut(missing);
        missing -= piece.length;
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    },
    async *pass(count, bite) {
      for (let missing = count; missing > 0; ) {
        if (!(await fill())) throw new Error('the data is truncated');
        const piece = cut(Math.min(missing, bite));
        missing -= piece.length;
        yield piece;
      }
    },
  };
}
