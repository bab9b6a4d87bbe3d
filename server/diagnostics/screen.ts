import type { Diagnostic, TextDocumentContentChangeEvent } from 'vscode-languageserver';
import type { Analysis } from '../documents/analysis.ts';
import type { Documents } from '../documents/documents.ts';
import { type Quieted, quieted } from './quiet.ts';
import { type Edit, shifted } from './shifted.ts';
import { type LineSpan, linesWritten } from './typing.ts';

/** How long after an edit what waits is shown, when the cursor stays. */
export const SETTLE_MS = 800;

/** What clients show of the open documents. */
export interface Screen {
  /** Of what was found in a text, what is to be shown now. */
  show(analysis: Analysis, found: readonly Diagnostic[]): readonly Diagnostic[];
}

interface DocumentScreen extends Quieted {
  /** Undefined unless the document was edited a moment ago. */
  readonly lines: LineSpan | undefined;
  readonly released: readonly Diagnostic[];
  readonly timer: NodeJS.Timeout | undefined;
}

/** Calls `settled` when what waited in a document is to be shown. */
export function openScreen(documents: Documents, settled: (uri: string) => void): Screen {
  const screens = new Map<string, DocumentScreen>();
  const settle = (uri: string) => {
    const screen = screens.get(uri);
    if (screen === undefined) return;
    screens.set(uri, { ...screen, lines: undefined, released: [], timer: undefined });
    if (screen.waiting.length > 0) settled(uri);
  };
  documents.onEdits(({ uri, changes, width }) => {
    const before = screens.get(uri) ?? BLANK;
    clearTimeout(before.timer);
    const edited = changes.reduce((screen, change) => afterChange(screen, change, width), before);
    const timer = edited.lines && setTimeout(settle, SETTLE_MS, uri).unref();
    screens.set(uri, { ...edited, timer });
  });
  documents.open.onDidOpen(({ document: { uri } }) => forget(uri));
  documents.open.onDidClose(({ document: { uri } }) => forget(uri));
  return {
    show(analysis, found) {
      const screen = screens.get(analysis.uri) ?? BLANK;
      const { lines } = screen;
      const next = lines ? quieted(analysis, found, { ...screen, lines }) : { shown: found, waiting: [] };
      screens.set(analysis.uri, { ...screen, ...next });
      return next.shown;
    },
  };

  function forget(uri: string): void {
    clearTimeout(screens.get(uri)?.timer);
    screens.delete(uri);
  }
}

const BLANK: DocumentScreen = { lines: undefined, shown: [], waiting: [], released: [], timer: undefined };

function afterChange(
  screen: DocumentScreen,
  change: TextDocumentContentChangeEvent,
  width: (text: string) => number,
): DocumentScreen {
  // Another text altogether: it was not typed.
  if (!('range' in change)) return BLANK;
  const move = (findings: readonly Diagnostic[]) => findings.flatMap((one) => shifted(one, change, width) ?? []);
  const lines = linesWritten(change, screen.lines);
  const { shown, waiting, released } = screen;
  const left = isLeft(screen.lines, change) ? waiting : [];
  return { ...screen, lines, shown: move(shown), waiting: move(waiting), released: move([...released, ...left]) };
}

/** Whether an edit is on other lines than those before it, or is a line break behind them. */
function isLeft(before: LineSpan | undefined, edit: Edit): boolean {
  const { start, end } = edit.range;
  const isOutside = before === undefined || end.line < before.first || start.line > before.last;
  return isOutside || linesWritten(edit, before).first > before.first;
}
