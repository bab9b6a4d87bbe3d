import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldingRanges } from '../../../server/features/folding.ts';
import { analyzed, prefixes } from '../../support/analyzed.ts';

const fold = (text: string) =>
  foldingRanges(analyzed(text)).map(({ startLine, endLine, kind }) => `${startLine}-${endLine} ${kind ?? 'value'}`);

describe('foldingRanges', () => {
  it('folds a table with the tables that add to it, and each of those', () => {
    const text = '[[vms]]\nname = "web"\n[vms.bootstrap]\nmode = "auto"\n\n# next\n[broker]\n';
    assert.deepEqual(fold(text), ['0-3 region', '2-3 region']);
  });

  it('folds arrays, tables in braces and strings over several lines, and leaves their last line to be seen', () => {
    const text = 'a = [\n  1,\n  2\n]\nb = {\n  c = 1,\n  d = """\nx\ny\n""" }\ne = [1, 2]\n';
    assert.deepEqual(fold(text), ['0-2 value', '4-8 value', '6-8 value']);
  });

  it('folds comments on neighbouring lines, not those behind something', () => {
    const text = '# one\n# two\n\n# alone\na = 1 # behind\nb = 1 # behind\n  # three\n  # four\n# five\n';
    assert.deepEqual(fold(text), ['0-1 comment', '6-8 comment']);
  });

  it('folds nothing of one line, and nothing backwards in a broken text', () => {
    assert.deepEqual(fold('[broker]\n\n[project]\n'), []);
    for (const analysis of prefixes()) {
      const lines = analysis.text.split('\n').length;
      for (const { startLine, endLine } of foldingRanges(analysis))
        assert.ok(startLine < endLine && endLine < lines, analysis.text);
    }
  });
});
