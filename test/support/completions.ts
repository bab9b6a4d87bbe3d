import assert from 'node:assert/strict';
import type { CompletionItem, TextEdit } from 'vscode-languageserver';
import { type CompletionStyle, complete } from '../../server/features/completion/complete.ts';
import { analysisOf } from './analysis.ts';
import { applyEdit } from './edits.ts';
import { cursor } from './marks.ts';

export const RICH: CompletionStyle = { snippets: true, markdown: true };
export const PLAIN: CompletionStyle = { snippets: false, markdown: false };

export async function itemsAt(marked: string, style = RICH, path?: string): Promise<readonly CompletionItem[]> {
  const { text, offset } = cursor(marked);
  return (await complete(analysisOf(text, path), offset, style)).items;
}

/** In the order that a client shows. */
export async function labelsAt(marked: string, style = RICH, path?: string): Promise<string[]> {
  const items = await itemsAt(marked, style, path);
  const key = ({ sortText, label }: CompletionItem) => sortText ?? label;
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1)).map(({ label }) => label);
}

/** The text once an item was chosen. */
export async function chosen(marked: string, label: string, style = RICH, path?: string): Promise<string> {
  const items = await itemsAt(marked, style, path);
  const item = items.find((one) => one.label === label);
  assert.ok(item, `"${label}" is not offered, but: ${items.map((one) => one.label).join(', ')}`);
  return applyEdit(cursor(marked).text, item.textEdit as TextEdit);
}

export async function offersNothing(marked: string): Promise<void> {
  assert.deepEqual(await labelsAt(marked), [], marked);
}
