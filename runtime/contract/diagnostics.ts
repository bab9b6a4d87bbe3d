import type { DiagnosticCode } from './diagnosticCodes.ts';
import type { Severity } from './vocabulary.ts';

/** 1-based line and column; columns count UTF-16 code units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Half-open: `end` is the position behind the last character. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** The other end of a conflict, such as the first VM that claims a port. */
export interface RelatedLocation {
  readonly message: string;
  readonly path?: string;
  readonly range: Range;
}

/**
 * One finding about a project or a host.
 *
 * `code` is stable, documented in docs/diagnostics.md, and what an editor or a `# castra: ignore` comment keys on.
 */
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  /** One sentence that says what is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly help?: string;
  readonly path?: string;
  readonly range?: Range;
  readonly related?: readonly RelatedLocation[];
  /** Of a finding about this host: the VM that cannot start because of it. */
  readonly vm?: string;
}
