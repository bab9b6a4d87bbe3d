import type { Event } from './events.ts';

/** Receives every event in order, as it happens. Must not throw: an operation does not defend itself against it. */
export type Reporter = (event: Event) => void;

/** For callers that only want the outcome. */
export const silent = (): undefined => undefined;
