import { type CompletionList, type CompletionParams, MarkupKind, type ServerCapabilities } from 'vscode-languageserver';
import type { FeatureContext } from '../featureContext.ts';
import { type CompletionStyle, complete } from './completion/complete.ts';

/** Characters behind which something new can be chosen. No line break: a menu on each Enter is in the way. */
const TRIGGERS = ['.', '=', '[', '"', "'", '{', ',', '/'];

export function serveCompletion(context: FeatureContext): ServerCapabilities {
  const { connection, documents, guard, projects } = context;
  const style = styleOf(context);
  connection.onCompletion(
    guard('completion', async ({ textDocument, position }: CompletionParams): Promise<CompletionList> => {
      const analysis = documents.analysis(textDocument.uri);
      if (analysis === undefined) return { isIncomplete: false, items: [] };
      return complete(await projects.withVms(analysis), analysis.positions.offset(position), style);
    }),
  );
  return { completionProvider: { triggerCharacters: TRIGGERS } };
}

function styleOf({ capabilities, options }: FeatureContext): CompletionStyle {
  const item = capabilities.textDocument?.completion?.completionItem;
  const { retrigger } = options;
  return {
    snippets: item?.snippetSupport ?? false,
    markdown: item?.documentationFormat?.includes(MarkupKind.Markdown) ?? false,
    ...(retrigger ? { retrigger } : {}),
  };
}
