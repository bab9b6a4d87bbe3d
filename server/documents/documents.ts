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
}

export function openDocuments(connection: Connection, context: () => AnalysisContext): Documents {
  const open = new TextDocuments({
    create: TextDocument.create,
    update: (document, changes, version) =>
      context().encoding === 'utf-16'
        ? TextDocument.update(document, changes, version)
        : updateInBytes(document, changes, version),
  });
  const analyses = new Map<string, Analysis>();
  open.onDidClose(({ document }) => analyses.delete(document.uri));
  open.listen(connection);
  return {
    open,
    analysis(uri) {
      const document = open.get(uri);
      if (document === undefined) return undefined;
      const known = analyses.get(uri);
      if (known?.version === document.version) return known;
      const fresh = analyzeText({ uri, version: document.version, text: document.getText() }, context(), known);
      analyses.set(uri, fresh);
      return fresh;
    },
  };
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
