import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTextEditor } from '../../support/randomEdits.ts';
import { TYPED } from '../../support/typedTexts.ts';
import { analyze, HEAD } from './marked.ts';

const ROUNDS = 4000;

const vm = (name: string, more = '') => `\n[[vms]]\nname = "${name}"\n${more}`;
const TEXT = `${HEAD}${vm('one', 'cpus = 1\n')}# why\n${vm('two', 'memory = "1 GiB"\n')}${vm('three')}`;

/** An analysis of `after` by somebody who knows `before`, proven to be that of somebody who does not. */
function analyzeChange(before: string, after: string) {
  const earlier = analyze(before);
  const analysis = analyze(after, { earlier });
  assert.deepEqual(analysis, analyze(after), `from\n${before}\nto\n${after}`);
  return { earlier, analysis };
}

describe('analyzeConfig with an earlier analysis', () => {
  it('takes over what stands in front of the change, and what it says of the VMs behind it', () => {
    const { earlier, analysis } = analyzeChange(TEXT, TEXT.replace('1 GiB', '512 MiB'));
    const [before, after] = [earlier.syntax.document.root.sections, analysis.syntax.document.root.sections];
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    assert.deepEqual(
      analysis.placed.map((placed, at) => placed === earlier.placed[at]),
      [true, false, true],
    );
  });

  it('looks at every VM again when something changes that all get', () => {
    const { earlier, analysis } = analyzeChange(TEXT, TEXT.replace('name = "demo"', 'name = "other"'));
    assert.ok(analysis.placed.every((placed, at) => placed !== earlier.placed[at]));
  });

  const changes = {
    'a section that now ends in an open string': ['"two"', '"two'],
    'an open multi-line string over all that follows': ['"two"', '"""two'],
    'a line that continues the section above': ['# why', 'cpus = 2'],
    'a header that is none any more': ['[[vms]]\nname = "two"', 'name = "two"'],
    'a header in another place': ['\n[[vms]]\nname = "two"', '[[vms]]\n\nname = "two"'],
    'a name that another VM has': ['"two"', '"one"'],
    'a table that is defined above': ['[[vms]]\nname = "three"', '[project]\nname = "three"'],
    'a key that is there twice': ['memory =', 'name ='],
    'a count without a value': ['cpus = 1', 'count ='],
    'the same text': ['"two"', '"two"'],
    'nothing left': [TEXT, ''],
    'a finding in each VM': ['0.2.0', '0.1.0'],
  };
  for (const [what, [found, written]] of Object.entries(changes)) {
    it(`is the same as without it: ${what}`, () => {
      const after = TEXT.replace(found ?? '', () => written ?? '');
      analyzeChange(TEXT, after);
      analyzeChange(after, TEXT);
    });
  }

  it(`is the same as without it after ${ROUNDS} random edits, each made and undone`, () => {
    const texts = Object.values(TYPED);
    const edit = createTextEditor(20261123);
    for (let round = 0; round < ROUNDS; round++) {
      const text = texts[round % texts.length] ?? '';
      const after = edit(text);
      analyzeChange(text, after);
      analyzeChange(after, text);
    }
  });
});
