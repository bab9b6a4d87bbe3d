export type BusErrorKind = 'unreachable' | 'refused' | 'lost' | 'no-reply';

/** What can go wrong on the bus. */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly kind: BusErrorKind;

  constructor(kind: BusErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A frame of the broker; which fields there are depends on its type (brokerFrames.ts). */
export interface Incoming {
  readonly type: string;
  readonly ack?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly topic?: string;
  readonly id?: string;
  readonly from?: unknown;
  readonly payload?: unknown;
}

export function parseIncoming(line: string): Incoming | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isFrame = typeof value === 'object' && value !== null && typeof (value as Incoming).type === 'string';
    return isFrame ? (value as Incoming) : undefined;
  } catch {
    return undefined;
  }
}
