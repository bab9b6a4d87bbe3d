import assert from 'node:assert/strict';
import type { Connection, Position, Range, TextDocumentContentChangeEvent } from 'vscode-languageserver';
import type { Analysis } from '../../server/documents/analysis.ts';
import { openDocuments } from '../../server/documents/documents.ts';
import { createRandom } from '../runtime/config/toml/fuzz.ts';
import { atCharacter, FRAGMENTS } from './randomEdits.ts';
import { checkDiagnostics, checkFeatures } from './soundness.ts';

/** Texts beyond so many characters only take longer. */
const LONGEST = 1500;
const URI = 'file:///srv/demo/castra.toml';

/**
 * Makes `count` random edits the way an editor sends them, one to three at a time, and checks after each message that
 * the server's text is the editor's, and that what it understood is what a fresh look at the editor's text gives.
 */
export function checkEdits(texts: readonly string[], seed: number, count: number): void {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = (list: readonly string[]) => list[below(list.length)] ?? '';
  const server = openServer();
  let text = pick(texts);
  server.open(text);
  for (let edit = 0, version = 1; edit < count; version++) {
    const changes: TextDocumentContentChangeEvent[] = [];
    for (let more = 1 + below(3); more > 0; more--, edit++) {
      const isReset = text.length > LONGEST || below(200) === 0;
      const start = atCharacter(text, below(text.length + 1));
      const end = below(2) === 0 ? start : atCharacter(text, Math.min(text.length, start + below(20)));
      const inserted = isReset ? pick(texts) : below(3) === 0 ? '' : pick(FRAGMENTS);
      changes.push(isReset ? { text: inserted } : { range: rangeIn(text, start, end), text: inserted });
      text = isReset ? inserted : text.slice(0, start) + inserted + text.slice(end);
    }
    const after = server.change(version, changes);
    assert.equal(after?.text, text, `seed ${seed}, edit ${edit}`);
    const fresh = checkDiagnostics(text);
    assert.deepEqual(after.diagnostics, fresh.diagnostics, `seed ${seed}, edit ${edit}`);
    assert.deepEqual(after.syntax, fresh.syntax, `seed ${seed}, edit ${edit}`);
    assert.deepEqual(after.placed, fresh.placed, `seed ${seed}, edit ${edit}`);
    if (version % 10 === 0) checkFeatures(fresh, [0, below(text.length + 1), text.length]);
  }
}

function rangeIn(text: string, from: number, to: number): Range {
  return { start: positionIn(text, from), end: positionIn(text, to) };
}

/** As the specification counts ("Text Documents"): a lone CR breaks a line too. */
function positionIn(text: string, offset: number): Position {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
}

interface TextServer {
  open(text: string): void;
  change(version: number, contentChanges: readonly TextDocumentContentChangeEvent[]): Analysis | undefined;
}

/** The server's documents without the wire; their handlers are called directly. */
function openServer(): TextServer {
  const handlers = new Map<string, (params: unknown) => void>();
  const collect = new Proxy({}, { get: (_, name) => (handler: () => void) => handlers.set(String(name), handler) });
  const context = { encoding: 'utf-16', home: '/srv/home/.castra' } as const;
  const documents = openDocuments(collect as Connection, () => context);
  return {
    open(text) {
      handlers.get('onDidOpenTextDocument')?.({ textDocument: { uri: URI, languageId: 'castra', version: 0, text } });
    },
    change(version, contentChanges) {
      handlers.get('onDidChangeTextDocument')?.({ textDocument: { uri: URI, version }, contentChanges });
      return documents.analysis(URI);
    },
  };
}
