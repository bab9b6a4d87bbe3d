import { stat } from 'node:fs/promises';
import { type Hover, type HoverParams, MarkupKind, type ServerCapabilities } from 'vscode-languageserver';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { plainText } from '../text/keyDescriptions.ts';
import { code } from './hover/code.ts';
import { explain, type PathTarget } from './hover/explain.ts';

export function serveHover({ connection, documents, guard, capabilities }: FeatureContext): ServerCapabilities {
  const isMarkdown = capabilities.textDocument?.hover?.contentFormat?.includes(MarkupKind.Markdown) ?? false;
  connection.onHover(
    guard('hover', async ({ textDocument, position }: HoverParams): Promise<Hover | null> => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? hover(analysis, analysis.positions.offset(position), isMarkdown) : null;
    }),
  );
  return { hoverProvider: true };
}

/** What stands at an offset, and whether the path that it names exists. */
export async function hover(analysis: Analysis, offset: number, isMarkdown: boolean): Promise<Hover | null> {
  const found = explain(analysis, offset);
  if (found === undefined) return null;
  const leads = found.path ? [`${code(found.path.absolute)} (${await existence(found.path)})`] : [];
  const value = [...found.paragraphs, ...leads].join('\n\n');
  const contents = isMarkdown
    ? { kind: MarkupKind.Markdown, value }
    : { kind: MarkupKind.PlainText, value: plainText(value) };
  return { contents, range: analysis.positions.range(found.span) };
}

async function existence({ absolute, isMade }: PathTarget): Promise<string> {
  try {
    const found = await stat(absolute);
    return found.isDirectory() ? 'a folder' : 'exists';
  } catch {
    return isMade ? 'not there yet' : 'does not exist';
  }
}
