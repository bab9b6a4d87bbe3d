import type { Analysis } from '../../documents/analysis.ts';
import { faultsOf } from './faults.ts';
import type { TextChange } from './fix.ts';
import { fixesFor } from './table.ts';

/** More at once cannot be reviewed, and each costs a walk through the document. */
const MAX_FIXES = 100;

export interface Batch {
  readonly changes: readonly TextChange[];
  /** How many findings it is for. */
  readonly count: number;
}

/** The preferred fixes of all findings, or of those with one code, as far as they do not get in each other's way. */
export function fixAll(analysis: Analysis, code?: string): Batch {
  const changes: TextChange[] = [];
  const claims = new Set<string>();
  let count = 0;
  for (const fault of faultsOf(analysis)) {
    if (code !== undefined && fault.finding.code !== code) continue;
    const fix = fixesFor(analysis, fault).find(({ isPreferred }) => isPreferred);
    if (fix === undefined || fix.changes.length === 0 || (fix.claim !== undefined && claims.has(fix.claim))) continue;
    if (fix.changes.some((change) => changes.some((other) => overlap(change, other)))) continue;
    if (fix.claim !== undefined) claims.add(fix.claim);
    changes.push(...fix.changes);
    count += 1;
    if (count === MAX_FIXES) break;
  }
  return { changes, count };
}

/** Two insertions at one place count too: their order would be left to the client. */
function overlap(a: TextChange, b: TextChange): boolean {
  return a.from === b.from || (a.from < b.to && b.from < a.to) || a.from === b.to || b.from === a.to;
}
