import { offsetAt } from '../../../runtime/config/toml/positions.ts';
import type { Span } from '../../../runtime/config/toml/syntax.ts';
import type { Diagnostic } from '../../../runtime/contract/diagnostics.ts';
import type { Analysis } from '../../documents/analysis.ts';
import type { Fault } from './fix.ts';

/** Every finding of the text as it is now. */
export function faultsOf({ diagnostics, syntax }: Analysis): Fault[] {
  return diagnostics.flatMap((finding) => toFault(finding, syntax.index) ?? []);
}

function toFault(finding: Diagnostic, index: Analysis['syntax']['index']): Fault | undefined {
  const { range } = finding;
  return range && { finding, span: { from: offsetAt(index, range.start), to: offsetAt(index, range.end) } };
}

/** Those that touch a span. What a client remembers of a finding may be older than the text, so it is not asked. */
export function faultsIn(analysis: Analysis, { from, to }: Span): Fault[] {
  return faultsOf(analysis).filter(({ span }) => span.from <= to && from <= span.to);
}
