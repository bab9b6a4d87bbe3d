import assert from 'node:assert/strict';
import type { Analysis } from '../../server/documents/analysis.ts';
import { faultsOf } from '../../server/features/codeActions/faults.ts';
import type { Fix, TextChange } from '../../server/features/codeActions/fix.ts';
import { fixesFor } from '../../server/features/codeActions/table.ts';
import { analysisOf } from './analysis.ts';

/** As a client applies edits: by place, insertions before what is replaced at the same one. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  const sorted = changes.toSorted((a, b) => a.from - b.from || a.to - b.to);
  let result = '';
  let done = 0;
  for (const { from, to, text: written } of sorted) {
    assert.ok(
      done <= from && from <= to && to <= text.length,
      `edits overlap or leave the text: ${JSON.stringify(changes)}`,
    );
    result += text.slice(done, from) + written;
    done = to;
  }
  return result + text.slice(done);
}

/** Every fix of every finding of a text. */
export function allFixes(analysis: Analysis): readonly Fix[] {
  return faultsOf(analysis).flatMap((fault) => fixesFor(analysis, fault));
}

/** The text after its only preferred fix, or after the one with a title. */
export function fixed(text: string, title?: string): string {
  const fixes = allFixes(analysisOf(text));
  const fitting = fixes.filter((fix) => (title === undefined ? fix.isPreferred : fix.title === title));
  const [fix] = fitting;
  assert.ok(fix && fitting.length === 1, `of ${text}: ${JSON.stringify(fixes.map((one) => one.title))}`);
  return applyChanges(text, fix.changes);
}
