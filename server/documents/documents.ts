import {
  type Connection,
  type Position,
  type TextDocumentContentChangeEvent,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Analysis, type AnalysisContext, analyzeText } from './analysis.ts';
import { decodeColumn } from './positions.ts';

/** The open documents, and what is known of each in its newest version. */
export interface Documents {
  readonly open: TextDocuments<TextDocument>;
  /** Undefined for a document that is not open. */
  analysis(uri: string): Analysis | undefined;
  /** Calls the listener before anything else is done about the text that the edits make. */
  onEdits(listener: (edits: Edits) => void): void;
}

/** Of one message about one document. */
export interface Edits {
  readonly uri: string;
  /** Each counts in the text that the one before it made. */
  readonly changes: readonly TextDocumentContentChangeEvent[];
  /** Of a text in the units of the client's columns. */
  readonly width: (text: string) => number;
}

export function openDocuments(connection: Connection, context: () => AnalysisContext): Documents {
  const open = new TextDocuments({
    create: TextDocument.create,
    update(document, changes, version) {
      const isInUnits = context().encoding === 'utf-16';
      const width = isInUnits ? (text: string) => text.length : (text: string) => Buffer.byteLength(text);
      for (const listener of listeners) listener({ uri: document.uri, changes, width });
      return isInUnits ? TextDocument.update(document, changes, version) : updateInBytes(document, changes, version);
    },
  });
  const listeners: ((edits: Edits) => void)[] = [];
  const analyses = new Map<string, Analysis>();
  open.onDidClose(({ document }) => analyses.delete(document.uri));
  open.listen(withVersions(connection, open));
  return {
    open,
    onEdits: (listener) => void listeners.push(listener),
    analysis(uri) {
      const document = open.get(uri);
      if (document === undefined) return undefined;
      const known = analyses.get(uri);
      const [text, { version }] = [document.getText(), document];
      // A client may send another text under the number of the one before it.
      if (known?.text === text && known.version === version) return known;
      const fresh =
        known?.text === text ? { ...known, version } : analyzeText({ uri, version, text }, context(), known);
      analyses.set(uri, fresh);
      return fresh;
    },
  };
}

type Listened = Parameters<TextDocuments<TextDocument>['listen']>[0];

/** A change without a version is an error to TextDocuments, and its text would be lost: it gets the one before it. */
function withVersions(connection: Connection, open: TextDocuments<TextDocument>): Listened {
  const onDidChangeTextDocument: Listened['onDidChangeTextDocument'] = (handler) =>
    connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) =>
      handler({ textDocument: { uri, version: version ?? open.get(uri)?.version ?? 0 }, contentChanges }),
    );
  return Object.assign(Object.create(connection) as Connection, { onDidChangeTextDocument });
}

/** vscode-languageserver-textdocument knows UTF-16 only. Each change counts in the text that the one before it made. */
function updateInBytes(
  document: TextDocument,
  changes: readonly TextDocumentContentChangeEvent[],
  version: number,
): TextDocument {
  const decoded = ({ line, character }: Position): Position => {
    const lineText = document.getText({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } });
    return { line, character: decodeColumn(lineText, character) };
  };
  for (const change of changes) {
    const inUnits =
      'range' in change
        ? { ...change, range: { start: decoded(change.range.start), end: decoded(change.range.end) } }
        : change;
    TextDocument.update(document, [inUnits], version);
  }
  return document;
}
