import { type Connection, TextDocuments } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Analysis, type AnalysisContext, analyzeText } from './analysis.ts';

/** The open documents, and what is known of each in its newest version. */
export interface Documents {
  readonly open: TextDocuments<TextDocument>;
  /** Undefined for a document that is not open. */
  analysis(uri: string): Analysis | undefined;
}

export function openDocuments(connection: Connection, context: () => AnalysisContext): Documents {
  const open = new TextDocuments(TextDocument);
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
      const fresh = analyzeText({ uri, version: document.version, text: document.getText() }, context());
      analyses.set(uri, fresh);
      return fresh;
    },
  };
}
