import assert from 'node:assert/strict';
import { analyzeConfig, type ConfigSource } from '../../../runtime/config/analyze.ts';
import type { Diagnostic, Range } from '../../../runtime/contract/diagnostics.ts';

export const PLACE = { path: '/srv/demo/castra.toml', home: '/home/me/.castra' } as const;

export function analyze(text: string, place: Partial<ConfigSource> = {}) {
  return analyzeConfig({ ...PLACE, ...place, text });
}

/** The lines that a file needs before its first VM. */
export const HEAD = 'version = "0.2.0"\nproject = { name = "demo" }\n';

/** Takes the marks out of a text: «…» around what is at fault, ‹…› around the other end of a conflict. */
function unmark(marked: string): { text: string; faults: string[]; others: string[] } {
  const faults: string[] = [];
  const others: string[] = [];
  const starts: Record<string, string> = {};
  let [text, line, column] = ['', 1, 1];
  for (const character of marked) {
    const here = `${line}:${column}`;
    if ('«‹'.includes(character)) starts[character] = here;
    else if (character === '»') faults.push(`${starts['«']}-${here}`);
    else if (character === '›') others.push(`${starts['‹']}-${here}`);
    else {
      text += character;
      [line, column] = character === '\n' ? [line + 1, 1] : [line, column + character.length];
    }
  }
  return { text, faults, others };
}

const show = (range: Range | undefined) =>
  range && `${range.start.line}:${range.start.column}-${range.end.line}:${range.end.column}`;

/** Analyzes a marked text, checks that exactly its marks are reported, and returns the diagnostics. */
export function analyzeMarked(marked: string): readonly Diagnostic[] {
  const { text, faults, others } = unmark(marked);
  const { diagnostics } = analyze(text);
  assert.deepEqual(
    diagnostics.map(({ range }) => show(range)),
    faults,
    JSON.stringify(diagnostics, undefined, 1),
  );
  const related = diagnostics.flatMap((diagnostic) => diagnostic.related ?? []).map(({ range }) => show(range));
  assert.deepEqual([...new Set(related)], others);
  return diagnostics;
}
