import assert from 'node:assert/strict';
import { it } from 'node:test';
import { analyzeText } from '../../../server/documents/analysis.ts';
import { codeLenses } from '../../../server/features/codeLens.ts';
import { documentSymbols } from '../../../server/features/documentSymbols.ts';
import { foldingRanges } from '../../../server/features/folding.ts';
import { inlayHints } from '../../../server/features/inlayHints.ts';
import { mentionsOf } from '../../../server/features/references.ts';
import { rename } from '../../../server/features/rename.ts';
import { selectionRange } from '../../../server/features/selectionRanges.ts';
import { findTokens, semanticTokens } from '../../../server/features/semanticTokens.ts';
import { ALL_HINTS } from '../../../server/inlaySettings.ts';
import { findTargets } from '../../../server/text/pathStrings.ts';
import { createMutator } from '../../runtime/config/toml/fuzz.ts';
import { DOCUMENTS, mentionsIn, URI } from '../../support/analyzed.ts';

it('every feature answers for mutilated documents, in both encodings, within their texts', () => {
  const { next } = createMutator(DOCUMENTS, 11);
  for (let round = 0; round < 300; round++) {
    const text = next();
    const encoding = round % 2 === 0 ? 'utf-8' : 'utf-16';
    const analysis = analyzeText({ uri: URI, version: 1, text }, { encoding, home: '/home/me/.castra' });
    documentSymbols(analysis);
    foldingRanges(analysis);
    inlayHints(analysis, { from: 0, to: text.length }, ALL_HINTS);
    codeLenses(analysis);
    findTargets(analysis);
    for (let offset = 0; offset <= text.length; offset += 13) {
      selectionRange(analysis, offset);
      for (const { span, whole } of mentionsOf(analysis, offset))
        assert.ok(whole.from <= span.from && span.to <= whole.to && whole.to <= text.length, text);
      rename(mentionsIn(analysis, offset), 'fresh', false);
    }
    const { data } = semanticTokens(analysis);
    const lines = findTokens(analysis).reduce(
      (sum, { from, to }) => sum + text.slice(from, to).split(/\r\n|\r|\n/).length,
      0,
    );
    assert.ok(data.length / 5 <= lines, text);
    assert.ok(
      data.every((number, at) => number >= (at % 5 === 2 ? 1 : 0)),
      text,
    );
  }
});

it('positions count bytes where UTF-8 was agreed on', () => {
  const text = '[[vms]]\nname = "a"\n"é" = "😀"\n';
  const analysis = analyzeText({ uri: URI, version: 1, text }, { encoding: 'utf-8', home: '/' });
  assert.deepEqual(semanticTokens(analysis).data.slice(-10), [1, 0, 4, 1, 4, 0, 7, 6, 4, 0]);
});
