import type { Connection, Diagnostic, TextDocumentContentChangeEvent } from 'vscode-languageserver';
import { openScreen } from '../../../server/diagnostics/screen.ts';
import { toDiagnostics } from '../../../server/diagnostics/toLsp.ts';
import type { Analysis } from '../../../server/documents/analysis.ts';
import { openDocuments } from '../../../server/documents/documents.ts';
import { complete } from '../../../server/features/completion/complete.ts';
import type { Edit, Offer } from './typist.ts';

const URI = 'file:///srv/demo/castra.toml';

/** The server's documents and what an editor shows of one, without the wire. */
export interface Editor {
  open(text: string): void;
  /** In the text as it is. */
  edit(edit: Edit): void;
  /** As the client sends it. */
  change(changes: readonly TextDocumentContentChangeEvent[]): void;
  shown(): readonly Diagnostic[];
  /** The codes of what is shown, with their lines. */
  codes(): readonly string[];
  offers(offset: number): Promise<Offer[]>;
  readonly text: string;
  /** How often what waited was to be shown. */
  readonly settled: number;
}

export function openEditor(): Editor {
  const handlers = new Map<string, (params: unknown) => void>();
  const collect = new Proxy({}, { get: (_, name) => (handler: () => void) => handlers.set(String(name), handler) });
  const documents = openDocuments(collect as Connection, () => ({ encoding: 'utf-16', home: '/srv/home/.castra' }));
  let [version, settled] = [0, 0];
  const screen = openScreen(documents, () => {
    settled += 1;
  });
  const analysis = () => documents.analysis(URI) as Analysis;
  const shown = () => screen.show(analysis(), toDiagnostics(analysis(), 'file:///docs'));
  const change = (contentChanges: readonly TextDocumentContentChangeEvent[]) => {
    version += 1;
    handlers.get('onDidChangeTextDocument')?.({ textDocument: { uri: URI, version }, contentChanges });
    shown();
  };
  return {
    open(text) {
      handlers.get('onDidOpenTextDocument')?.({ textDocument: { uri: URI, languageId: 'castra', version, text } });
      shown();
    },
    edit: (edit) => change([{ range: analysis().positions.range(edit), text: edit.text }]),
    change,
    shown,
    codes: () => shown().map(({ code, range }) => `${code} ${range.start.line}`),
    async offers(offset) {
      const { items } = await complete(analysis(), offset, { snippets: true, markdown: false });
      return items.flatMap(({ label, textEdit }) => {
        if (textEdit === undefined || !('range' in textEdit)) return [];
        const { positions } = analysis();
        const [from, to] = [positions.offset(textEdit.range.start), positions.offset(textEdit.range.end)];
        return [{ label, edit: { from, to, text: textEdit.newText } }];
      });
    },
    get text() {
      return analysis().text;
    },
    get settled() {
      return settled;
    },
  };
}
