import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SelectionRange } from 'vscode-languageserver';
import { selectionRange } from '../../../server/features/selectionRanges.ts';
import { analyzed, prefixes } from '../../support/analyzed.ts';
import { cursor } from '../../support/marks.ts';

/** The texts from the word outwards, without the whole document. */
function select(marked: string): string[] {
  const { text, offset } = cursor(marked);
  const analysis = analyzed(text);
  const texts: string[] = [];
  for (let at: SelectionRange | undefined = selectionRange(analysis, offset); at; at = at.parent)
    texts.push(text.slice(analysis.positions.offset(at.range.start), analysis.positions.offset(at.range.end)));
  assert.equal(texts.pop(), text);
  return texts;
}

describe('selectionRange', () => {
  it('grows from a word in a string to the string, its entry, its table, and the tables around it', () => {
    assert.deepEqual(select('x = 1\n[[vms]]\nname = "web"\n[vms.bootstrap]\nscript = "a/b|c.sh" # x\n[broker]\n'), [
      'bc',
      'a/bc.sh',
      '"a/bc.sh"',
      'script = "a/bc.sh"',
      '[vms.bootstrap]\nscript = "a/bc.sh"',
      '[[vms]]\nname = "web"\n[vms.bootstrap]\nscript = "a/bc.sh"',
    ]);
  });

  it('grows through arrays and tables in braces', () => {
    assert.deepEqual(select('a = [{ host = 80|80, guest = 80 }, 1]\nb = 1\n'), [
      '8080',
      'host = 8080',
      ' host = 8080, guest = 80 ',
      '{ host = 8080, guest = 80 }',
      '{ host = 8080, guest = 80 }, 1',
      '[{ host = 8080, guest = 80 }, 1]',
      'a = [{ host = 8080, guest = 80 }, 1]',
    ]);
  });

  it('grows from a part of a dotted key to the key', () => {
    assert.deepEqual(select('a = 1\nboot|strap.env.A = "x"\n'), [
      'bootstrap',
      'bootstrap.env.A',
      'bootstrap.env.A = "x"',
    ]);
    assert.deepEqual(select('a = 1\n[vms.boot|strap]\n'), ['bootstrap', 'vms.bootstrap', '[vms.bootstrap]']);
  });

  it('takes a comment as a whole', () => {
    assert.deepEqual(select('a = 1 # one tw|o\n'), ['two', '# one two']);
  });

  it('only ever grows, at every offset of every document', () => {
    for (const analysis of prefixes(97)) {
      const at = (position: SelectionRange['range']['start']) => analysis.positions.offset(position);
      for (let offset = 0; offset <= analysis.text.length; offset++) {
        for (let range = selectionRange(analysis, offset); range.parent; range = range.parent) {
          const [inner, outer] = [range.range, range.parent.range];
          assert.ok(at(outer.start) <= at(inner.start) && at(inner.end) <= at(outer.end));
          assert.ok(at(inner.start) <= offset && offset <= at(inner.end));
        }
      }
    }
  });
});
