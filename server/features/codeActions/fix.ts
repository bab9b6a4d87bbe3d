import type { Span } from '../../../runtime/config/toml/syntax.ts';
import type { Diagnostic } from '../../../runtime/contract/diagnostics.ts';
import type { Analysis } from '../../documents/analysis.ts';

/** Text in the place of a span. */
export interface TextChange extends Span {
  readonly text: string;
}

/** One way to make a finding go away. */
export interface Fix {
  /** What it does, in plain words. */
  readonly title: string;
  readonly changes: readonly TextChange[];
  /** The one that is surely meant; only such a fix is made for many findings at once. */
  readonly isPreferred?: boolean;
  /** What it takes for itself, such as a port: of several fixes made at once only one may have it. */
  readonly claim?: string;
  /** Absolute path of a file to be made. */
  readonly creates?: string;
}

export interface Fault {
  readonly finding: Pick<Diagnostic, 'code' | 'message' | 'help' | 'severity'>;
  readonly span: Span;
}

/** Pure; empty where it has nothing to offer. */
export type FixMaker = (analysis: Analysis, fault: Fault) => readonly Fix[];

export const insert = (at: number, text: string): TextChange => ({ from: at, to: at, text });
