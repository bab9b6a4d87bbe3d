import {
  type Command,
  type CompletionItem,
  type CompletionList,
  InsertTextFormat,
  MarkupKind,
} from 'vscode-languageserver';
import type { Analysis } from '../../documents/analysis.ts';
import { cursorAt } from '../../text/cursor.ts';
import { plainText } from '../../text/keyDescriptions.ts';
import { headersInHeader } from './headers.ts';
import { completeKey } from './keys.ts';
import { completePath, type PathRequest, pathRequest } from './paths.ts';
import type { Proposal } from './proposal.ts';
import { completeValue } from './values.ts';

/** What the client can do. */
export interface CompletionStyle {
  readonly snippets: boolean;
  readonly markdown: boolean;
  /** The client's own command that asks for completion once more, if it said one. */
  readonly retrigger?: string;
}

/** What may be written at an offset; only paths need the disk, and another question when more was typed. */
export async function complete(analysis: Analysis, offset: number, style: CompletionStyle): Promise<CompletionList> {
  const { proposals, paths, mayFinish = false } = propose(analysis, offset);
  const listed = paths ? await completePath(paths, style.snippets) : [];
  const changing = [...proposals, ...listed].filter((proposal) => changesText(proposal, analysis.text, offset));
  const items = changing.flatMap((proposal) => toItem(proposal, analysis, style));
  return { isIncomplete: paths !== undefined || mayFinish, items };
}

interface Proposed {
  readonly proposals: readonly Proposal[];
  readonly paths?: PathRequest;
  /** A word or number without quotes may be complete with the next character, and then there is nothing to choose. */
  readonly mayFinish?: boolean;
}

/** Pure: what can be said from the text alone, and what has to be listed besides. */
export function propose(analysis: Analysis, offset: number): Proposed {
  const { document, tree } = analysis.syntax;
  const cursor = cursorAt(document, tree, offset);
  switch (cursor.kind) {
    case 'comment':
      return { proposals: [] };
    case 'header':
      return { proposals: headersInHeader(analysis, cursor, offset) };
    case 'key':
      return { proposals: completeKey(analysis, cursor, offset) };
    case 'value': {
      const paths = pathRequest(analysis, cursor, offset);
      const mayFinish = cursor.value.kind !== 'string';
      return { proposals: completeValue(analysis, cursor, offset), mayFinish, ...(paths ? { paths } : {}) };
    }
  }
}

/** What stands there already, with the cursor behind it, would only take the Enter that is to end the line. */
function changesText({ text, snippet, replaces: { from, to } }: Proposal, written: string, offset: number): boolean {
  return offset !== to || written.slice(from, to) !== (snippet ?? text);
}

const ORDER_DIGITS = 4;

/** One item, or none when it is nothing without tab stops and the client has none. */
function toItem(proposal: Proposal, { positions }: Analysis, style: CompletionStyle): CompletionItem[] {
  const { label, kind, replaces, filter, order, detail, documentation, snippet } = proposal;
  const isSnippet = style.snippets && snippet !== undefined;
  const newText = isSnippet ? snippet : proposal.text;
  if (newText === '') return [];
  const command = proposal.continues && style.retrigger ? { command: again(style.retrigger) } : {};
  return [
    {
      label,
      kind,
      filterText: filter,
      sortText: String(order).padStart(ORDER_DIGITS, '0') + label,
      insertTextFormat: isSnippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
      textEdit: { range: positions.range(replaces), newText },
      ...(detail ? { detail } : {}),
      ...(documentation ? { documentation: markup(documentation, style.markdown) } : {}),
      ...command,
    },
  ];
}

const again = (command: string): Command => ({ title: 'Suggest', command });

function markup(text: string, isMarkdown: boolean): NonNullable<CompletionItem['documentation']> {
  return isMarkdown ? { kind: MarkupKind.Markdown, value: text } : plainText(text);
}
