import { createHash } from 'node:crypto';

/** One part of a guest's user data. */
export type Part =
  | {
      readonly kind: 'content';
      readonly contentType: string;
      readonly filename: string;
      readonly text: string;
      /** How cloud-init puts a cloud-config on top of the parts before it. */
      readonly mergeType?: string;
    }
  /** A message with headers of its own, such as another multipart: attached as it is. */
  | { readonly kind: 'message'; readonly text: string };

/** A MIME multipart message (RFC 2046 5.1), as cloud-init takes it. Equal parts give an equal message. */
export function multipart(parts: readonly Part[]): string {
  const bodies = parts.map((part) => (part.kind === 'message' ? part.text : contentPart(part)));
  const boundary = freeBoundary(bodies);
  return [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    'MIME-Version: 1.0',
    '',
    ...bodies.map((body) => `--${boundary}\n${body}`),
    `--${boundary}--`,
    '',
  ].join('\n');
}

function contentPart(part: Extract<Part, { kind: 'content' }>): string {
  const isPlain = staysAsItIs(part.text);
  return [
    `Content-Type: ${part.contentType}; charset="${isPlain ? 'us-ascii' : 'utf-8'}"`,
    'MIME-Version: 1.0',
    `Content-Transfer-Encoding: ${isPlain ? '7bit' : 'base64'}`,
    `Content-Disposition: attachment; filename="${part.filename}"`,
    ...(part.mergeType ? [`Merge-Type: ${part.mergeType}`] : []),
    '',
    isPlain ? part.text : base64Lines(part.text),
  ].join('\n');
}

/** RFC 5322 2.1.1. */
const LONGEST_LINE = 998;

/** What any parser gives back unchanged: ASCII, short lines that all end with a bare newline. */
function staysAsItIs(text: string): boolean {
  if (!/^[\t\n -~]*$/.test(text) || !text.endsWith('\n')) return false;
  return text.split('\n').every((line) => line.length <= LONGEST_LINE);
}

/** 76 characters a line (RFC 2045 6.8). */
function base64Lines(text: string): string {
  const lines =
    Buffer.from(text)
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  return `${lines.join('\n')}\n`;
}

/** From a digest, so that it is always the same; and surely in none of the parts. */
function freeBoundary(bodies: readonly string[]): string {
  const digest = createHash('sha256').update(bodies.join('\0')).digest('hex').slice(0, 32);
  for (let attempt = 0; ; attempt++) {
    const boundary = `castra-${digest}-${attempt}`;
    if (bodies.every((body) => !body.includes(boundary))) return boundary;
  }
}
