import assert from 'node:assert/strict';
import { DEFAULT_STYLE } from '../../runtime/config/toml/format/style.ts';
import { toDiagnostics } from '../../server/diagnostics/toLsp.ts';
import type { Analysis } from '../../server/documents/analysis.ts';
import { propose } from '../../server/features/completion/complete.ts';
import { documentSymbols } from '../../server/features/documentSymbols.ts';
import { foldingRanges } from '../../server/features/folding.ts';
import { formatDocument } from '../../server/features/formatting.ts';
import { explain } from '../../server/features/hover/explain.ts';
import { inlayHints } from '../../server/features/inlayHints.ts';
import { mentionsOf } from '../../server/features/references.ts';
import { selectionRange } from '../../server/features/selectionRanges.ts';
import { semanticTokens } from '../../server/features/semanticTokens.ts';
import { ALL_HINTS } from '../../server/inlaySettings.ts';
import { analysisOf } from './analysis.ts';

/** How many syntax errors half-typed text may have at once; more than that hides the one that matters. */
const MOST_ERRORS = 3;

/** What holds for every text that a user is typing. */
export function checkTyped(text: string, path?: string): Analysis {
  const analysis = checkDiagnostics(text, path);
  const errors = analysis.diagnostics.filter(({ code }) => code.startsWith('toml/'));
  const codes = errors.map(({ code, message }) => `${code}: ${message}`);
  assert.ok(errors.length <= MOST_ERRORS, `${codes.join('\n')}\nin\n${text}`);
  return analysis;
}

/** Every diagnostic is shown at a place that the text has, in lines and columns of the client. */
export function checkDiagnostics(text: string, path?: string): Analysis {
  const analysis = analysisOf(text, path);
  const lines = text.split(/\r\n|\r|\n/);
  for (const { range, code } of toDiagnostics(analysis, 'file:///docs.md')) {
    for (const { line, character } of [range.start, range.end]) {
      const length = lines[line]?.length;
      const isInside = length !== undefined && character >= 0 && character <= length;
      assert.ok(isInside, `${code} at ${line}:${character} of\n${text}`);
    }
    const { start, end } = range;
    const isForward = start.line < end.line || (start.line === end.line && start.character <= end.character);
    assert.ok(isForward, `${code} in\n${text}`);
  }
  return analysis;
}

/** No feature throws, wherever in the text it is asked. */
export function checkFeatures(analysis: Analysis, offsets: readonly number[]): void {
  documentSymbols(analysis);
  foldingRanges(analysis);
  semanticTokens(analysis);
  inlayHints(analysis, { from: 0, to: analysis.text.length }, ALL_HINTS);
  formatDocument(analysis, DEFAULT_STYLE);
  for (const offset of offsets) {
    propose(analysis, offset);
    explain(analysis, offset);
    selectionRange(analysis, offset);
    mentionsOf(analysis, offset);
  }
}
