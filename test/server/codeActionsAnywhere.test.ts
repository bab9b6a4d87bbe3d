import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Analysis } from '../../server/documents/analysis.ts';
import { faultsOf } from '../../server/features/codeActions/faults.ts';
import type { TextChange } from '../../server/features/codeActions/fix.ts';
import { fixAll } from '../../server/features/codeActions/fixAll.ts';
import { offer } from '../../server/features/codeActions/offer.ts';
import { spellSize } from '../../server/features/codeActions/sizeSpelling.ts';
import { fixesFor, ignoreFixes } from '../../server/features/codeActions/table.ts';
import { toHeader } from '../../server/features/codeActions/toHeader.ts';
import { toInline } from '../../server/features/codeActions/toInline.ts';
import { createMutator } from '../runtime/config/toml/fuzz.ts';
import { analysisOf } from '../support/analysis.ts';
import { ODD, REALISTIC } from '../support/castraTexts.ts';
import { applyChanges } from '../support/fixes.ts';

const STYLE = { versions: true, creates: true };

const count = ({ diagnostics }: Analysis, code: string) => diagnostics.filter((one) => one.code === code).length;
/** Of any severity: what smol-toml lets pass at the end of a text only is a warning there. */
const syntax = ({ diagnostics }: Analysis) => diagnostics.filter(({ code }) => code.startsWith('toml/')).length;

/** Once the text can be read, or a table has its name, what is in it is judged for the first time. */
const isRevealing = (code: string) => /^toml|unknown-key|wrong-type/.test(code);

/** Errors that were not there before, on lines that a fix did not write. */
function newErrors(before: Analysis, after: Analysis, changes: readonly TextChange[]): string[] {
  const errors = ({ diagnostics }: Analysis) => diagnostics.filter(({ severity }) => severity === 'error');
  const known = new Set(errors(before).map(({ code, message }) => code + message));
  const written = new Set<number>();
  let shift = 0;
  for (const { from, to, text } of changes.toSorted((a, b) => a.from - b.from)) {
    const first = after.text.slice(0, from + shift).split('\n').length;
    for (let line = 0; line < text.split('\n').length; line++) written.add(first + line);
    shift += text.length - (to - from);
  }
  return errors(after).flatMap(({ code, message, range }) =>
    known.has(code + message) || written.has(range?.start.line ?? 0) ? [] : [`${code} ${message}`],
  );
}

/** Words and marks changed as people do, one at a time, in a valid document. */
function slips(): string[] {
  const swaps = [...REALISTIC.matchAll(/[a-z_]{3,}/g)].map(
    ({ 0: word, index }) => REALISTIC.slice(0, index) + word[1] + word[0] + REALISTIC.slice(index + 2),
  );
  const marks = [...REALISTIC.matchAll(/[="'[\]{},]|\n[a-z_]+ = [^\n]*/g)].map(
    ({ 0: mark, index }) => REALISTIC.slice(0, index) + REALISTIC.slice(index + mark.length),
  );
  const colons = [...REALISTIC.matchAll(/ = /g)].map(
    ({ index }) => `${REALISTIC.slice(0, index)}: ${REALISTIC.slice(index + 3)}`,
  );
  const bare = [...REALISTIC.matchAll(/"([a-z]+)"/g)].map(
    ({ 0: word, 1: content, index }) => REALISTIC.slice(0, index) + content + REALISTIC.slice(index + word.length),
  );
  const twice = [...REALISTIC.matchAll(/\n[a-z_]+ = [^\n[{]+(?=\n)/g)].map(
    ({ 0: line, index }) => REALISTIC.slice(0, index) + line + REALISTIC.slice(index),
  );
  return [...swaps, ...marks, ...colons, ...bare, ...twice];
}

describe('code actions anywhere', () => {
  it('a preferred fix takes its finding away and brings no syntax error and no error elsewhere', () => {
    let tried = 0;
    for (const text of [...slips(), ...ODD]) {
      const before = analysisOf(text);
      for (const fault of faultsOf(before).slice(0, 20)) {
        for (const fix of fixesFor(before, fault)) {
          if (!fix.isPreferred || fix.changes.length === 0) continue;
          tried += 1;
          const fixedText = applyChanges(text, fix.changes);
          const after = analysisOf(fixedText);
          const why = `${fault.finding.code}: ${fix.title}\n${text}\n---\n${fixedText}\n${JSON.stringify(after.diagnostics.map(({ code, message }) => [code, message]))}`;
          assert.ok(count(after, fault.finding.code) < count(before, fault.finding.code), why);
          assert.ok(syntax(after) <= syntax(before), why);
          if (!isRevealing(fault.finding.code)) assert.deepEqual(newErrors(before, after, fix.changes), [], why);
        }
      }
    }
    assert.ok(tried > 300, `${tried} fixes`);
  });

  it('a comment that ignores a warning hides it and nothing else, wherever it stands', () => {
    let tried = 0;
    for (const text of [...slips().filter((_, index) => index % 3 === 0), ...ODD]) {
      const before = analysisOf(text);
      const left = (analysis: Analysis) => analysis.diagnostics.map(({ code, message }) => `${code} ${message}`);
      for (const fault of faultsOf(before).slice(0, 10)) {
        for (const fix of ignoreFixes(before, fault)) {
          tried += 1;
          const quiet = applyChanges(text, fix.changes);
          const after = analysisOf(quiet);
          assert.ok(count(after, fault.finding.code) < count(before, fault.finding.code), `${text}\n---\n${quiet}`);
          // Lines have moved, and a neighbour on the line with the same code is hidden too.
          assert.deepEqual(
            left(after).filter((one) => !left(before).includes(one)),
            [],
            `${text}\n---\n${quiet}`,
          );
        }
      }
    }
    assert.ok(tried > 50, `${tried} comments`);
  });

  it('never throws at any place of any prefix, and edits only the text, once at each place', () => {
    let offered = 0;
    const look = (text: string, offsets: readonly number[]) => {
      const analysis = analysisOf(text);
      for (const from of offsets) {
        for (const only of [undefined, ['source.fixAll']]) {
          const request = { from, to: from, diagnostics: [], ...(only ? { only } : {}) };
          offered += offer(analysis, request, STYLE).length;
        }
      }
      for (const fault of faultsOf(analysis)) {
        for (const fix of [...fixesFor(analysis, fault), ...ignoreFixes(analysis, fault)])
          applyChanges(text, fix.changes);
      }
      applyChanges(text, fixAll(analysis).changes);
    };
    for (let end = 0; end <= REALISTIC.length; end += 3) look(REALISTIC.slice(0, end), [0, end >> 1, end]);
    for (const text of ODD)
      look(
        text,
        [...Array(text.length + 1).keys()].filter((at) => text.length < 200 || at % 11 === 0),
      );
    assert.ok(offered > 1000, `${offered} actions`);
  });

  it('all fixes at once bring no syntax error', () => {
    const { next } = createMutator(slips().slice(0, 200), 11);
    for (const text of [...ODD, ...Array.from({ length: 100 }, next)]) {
      const before = analysisOf(text);
      const { changes, count: fixes } = fixAll(before);
      if (fixes === 0) continue;
      const fixedText = applyChanges(text, changes);
      const after = analysisOf(fixedText);
      assert.ok(syntax(after) <= syntax(before), `${text}\n---\n${fixedText}`);
      assert.ok(after.diagnostics.length <= before.diagnostics.length + 3, `${text}\n---\n${fixedText}`);
    }
  });

  it('are quick in a long document with many faults', (t) => {
    const vms = Array.from(
      { length: 1000 },
      (_, at) => `[[vms]]\nname = "a${at}"\ncups = 1\nport_forwards = [{ host = 80, guest = 1 }]\n\n`,
    );
    const text = `version = "0.2.0"\n[project]\nname = "demo"\n${vms.join('')}`;
    const analysis = analysisOf(text);
    const timed = (title: string, run: () => unknown) => {
      const started = performance.now();
      run();
      t.diagnostic(`${title} in 5000 lines: ${(performance.now() - started).toFixed(1)} ms`);
    };
    const from = text.lastIndexOf('cups');
    const only = ['source.fixAll'];
    for (const round of ['first', 'second']) {
      timed(`${round} list of actions`, () =>
        assert.equal(offer(analysis, { from, to: from, diagnostics: [] }, STYLE).length, 3),
      );
      timed(`${round} fix of everything`, () => offer(analysis, { from, to: from, diagnostics: [], only }, STYLE));
    }
  });

  it('other ways to write a table or a size mean the same and keep all comments', () => {
    let tried = 0;
    const comments = (text: string) => text.match(/#[^\n]*/g) ?? [];
    for (const text of [REALISTIC, REALISTIC.replaceAll('\n', '\r\n'), REALISTIC.replace('"1 GiB"', "'1g'")]) {
      const before = analysisOf(text);
      for (let offset = 0; offset <= text.length; offset++) {
        for (const rewrite of [toHeader, toInline, spellSize]) {
          const fix = rewrite(before, offset);
          if (fix === undefined) continue;
          tried += 1;
          const written = applyChanges(text, fix.changes);
          const after = analysisOf(written);
          assert.deepEqual([after.draft, after.diagnostics], [before.draft, []], `${fix.title}\n${written}`);
          assert.deepEqual(comments(written).length, comments(text).length, written);
        }
      }
    }
    assert.ok(tried > 100, `${tried} rewrites`);
  });
});
