import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TomlDocument } from '../../runtime/config/toml/syntax.ts';
import { propose } from '../../server/features/completion/complete.ts';
import { analysisOf } from '../support/analysis.ts';
import { ODD, REALISTIC } from '../support/castraTexts.ts';

/** Not a line of a text or of a list. */
function isStatement({ root }: TomlDocument, offset: number): boolean {
  const entries = [...root.entries, ...root.sections.flatMap((section) => section.entries)];
  return entries.every(({ from, to }) => offset <= from || to <= offset);
}

describe('completion anywhere', () => {
  it('is tried on a valid document', () => assert.ok(analysisOf(REALISTIC).project));

  it('only edits the line of the cursor, around the cursor, at every place of every prefix', () => {
    let offered = 0;
    for (let end = 0; end <= REALISTIC.length; end++) {
      // The end of a prefix is where somebody types; every other place of it is met in another one.
      for (const [text, offset] of [
        [REALISTIC.slice(0, end), end],
        [REALISTIC, end],
        [REALISTIC.slice(end), 0],
      ] as const) {
        const { proposals } = propose(analysisOf(text), offset);
        offered += proposals.length;
        for (const { replaces, label } of proposals) {
          const place = `${label} at ${offset} of ${text.length}`;
          assert.ok(0 <= replaces.from && replaces.from <= offset && offset <= replaces.to, place);
          assert.ok(replaces.to <= text.length && !text.slice(replaces.from, replaces.to).includes('\n'), place);
        }
      }
    }
    assert.ok(offered > 10_000, `${offered} in all`);
  });

  it('never throws at any place of broken and odd documents', () => {
    for (const text of ODD) {
      const analysis = analysisOf(text);
      for (let offset = 0; offset <= text.length; offset++) {
        for (const { replaces, label } of propose(analysis, offset).proposals) {
          const isAround = replaces.from <= offset && offset <= replaces.to;
          assert.ok(
            isAround && !text.slice(replaces.from, replaces.to).includes('\n'),
            `${label} at ${offset} of ${text}`,
          );
        }
      }
    }
  });

  it('never throws at any place of any prefix', () => {
    for (let end = 0; end <= REALISTIC.length; end += 7) {
      const analysis = analysisOf(REALISTIC.slice(0, end));
      for (let offset = 0; offset <= end; offset++) propose(analysis, offset);
    }
  });

  it('offers every key, header and word that somebody then wrote, at its first letter', () => {
    const { document } = analysisOf(REALISTIC).syntax;
    const words = [...REALISTIC.matchAll(/^ *(\[+)?([\w.]+)/gm)].filter(({ index }) => isStatement(document, index));
    assert.ok(words.length > 40, `${words.length} statements`);
    for (const { index, 0: whole, 1: brackets = '', 2: name = '' } of words) {
      const last = name.lastIndexOf('.') + 1;
      const from = index + whole.length - (brackets === '' ? name.length - last : name.length);
      const wanted = brackets === '' ? name.slice(last) : `${brackets}${name}${brackets.replaceAll('[', ']')}`;
      if (wanted === 'ROLE') continue;
      for (const rest of ['', REALISTIC.slice(REALISTIC.indexOf('\n', from))]) {
        const text = REALISTIC.slice(0, from + 1) + rest;
        const place = `${wanted} at ${from}${rest === '' ? ', the end' : ''}`;
        const found = propose(analysisOf(text), from + 1).proposals.find(({ label }) => label === wanted);
        assert.ok(found, place);
        // Editors drop what does not match the text from the start of the edit to the cursor.
        assert.ok(found.filter.startsWith(text.slice(found.replaces.from, from + 1)), place);
      }
    }
  });

  it('offers nothing that would define something twice', () => {
    const twice = /^toml\/(?:duplicate-key|redefined-table|not-a-table)$/;
    let tried = 0;
    for (const { index } of REALISTIC.matchAll(/^$/gm)) {
      for (const { label, text, replaces } of propose(analysisOf(REALISTIC), index).proposals) {
        const value = text.endsWith('= ') ? '0' : '';
        const written = REALISTIC.slice(0, replaces.from) + text + value + REALISTIC.slice(replaces.to);
        const faults = analysisOf(written).diagnostics.filter(({ code }) => twice.test(code));
        assert.deepEqual(faults, [], `${label} at ${index}`);
        tried += 1;
      }
    }
    assert.ok(tried > 100, `${tried} in all`);
  });

  it('is quick in long documents (printed, not judged)', (t) => {
    const rows = Array.from(
      { length: 833 },
      (_, row) => `[[vms]]\nname = "vm-${row}"\ncpus = 2\n[[vms.port_forwards]]\nhost = ${row + 1}\nguest = 80`,
    );
    const text = `version = "0.2.0"\n${rows.join('\n')}\n`;
    const analysis = analysisOf(text);
    for (const [what, offset] of [
      ['a header', text.length],
      ['a host port', text.lastIndexOf('host = ') + 7],
    ] as const) {
      const since = performance.now();
      for (let round = 0; round < 20; round++) propose(analysis, offset);
      t.diagnostic(`${what} in ${text.split('\n').length} lines: ${((performance.now() - since) / 20).toFixed(2)} ms`);
    }
  });
});
