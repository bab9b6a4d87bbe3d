/** Something that a command is about to do, which its user may not expect. */
export interface ConsentRequest {
  /** What it is, a line each; already reported as events. */
  readonly lines: readonly string[];
  /** To be answered with yes or no. */
  readonly question: string;
}

/** Asks the user. An operation that gets `false` fails with `cancelled` and has changed nothing. */
export type Consent = (request: ConsentRequest) => Promise<boolean>;
