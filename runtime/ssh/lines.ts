import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Characters of a line that has no end: a guest that prints no line breaks must not fill our memory. */
const LONGEST_LINE = 64 * 1024;

/**
 * Reads a stream to its end and hands it on in pieces of whole lines; what has no line end comes last, or when it gets
 * too long. Each piece is awaited before more is read, so the writer feels a slow reader.
 */
export async function readLines(stream: Readable, take: (text: string) => Promise<void>): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    // ssh2 hands over all that has come meanwhile, up to its window of 2 MiB.
    for (let at = 0; at < bytes.length; at += LONGEST_LINE) {
      const text = rest + decoder.write(bytes.subarray(at, at + LONGEST_LINE));
      const lines = text.lastIndexOf('\n') + 1;
      const whole = lines === 0 && text.length > LONGEST_LINE ? text.length : lines;
      rest = text.slice(whole);
      if (whole > 0) await take(text.slice(0, whole));
    }
  }
  rest += decoder.end();
  if (rest !== '') await take(rest);
}
