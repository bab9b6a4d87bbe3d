import type { CompletionItemKind } from 'vscode-languageserver';
import type { Span } from '../../../runtime/config/toml/syntax.ts';

/** One thing that may be written at the cursor. */
export interface Proposal {
  readonly label: string;
  readonly kind: CompletionItemKind;
  /** What goes away: on the cursor's line, and around the cursor. */
  readonly replaces: Span;
  /** What comes instead. */
  readonly text: string;
  /** The same with tab stops, for clients that know them. */
  readonly snippet?: string;
  /** What clients compare with the text from the start of `replaces` to the cursor. */
  readonly filter: string;
  /** Lower comes first. */
  readonly order: number;
  readonly detail?: string;
  /** Markdown. */
  readonly documentation?: string;
  /** Something else can be chosen behind it. */
  readonly continues?: boolean;
}

/** Text in a snippet: `$`, `}` and `\` mean something there (LSP specification, "Snippet Syntax"). */
export function inSnippet(text: string): string {
  return text.replaceAll(/[\\$}]/g, (character) => `\\${character}`);
}
