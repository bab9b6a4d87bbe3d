import { analyzeToml } from '../meaning/meaning.ts';
import type { TomlDocument } from '../syntax.ts';
import { type Edit, editsOf } from './edits.ts';
import { createLayout } from './layout.ts';
import { readsTheSame } from './proof.ts';
import { placeDocument } from './statements.ts';
import type { Style } from './style.ts';

export interface Formatted {
  /** Empty where nothing is to change, and after a refusal. */
  readonly edits: readonly Edit[];
  /** `broken`: the document has errors. `unsafe`: the result would have meant something else, which is a bug of ours. */
  readonly refusal?: 'broken' | 'unsafe';
}

export interface FormatContext {
  /** The indentation of what stands above the first header. */
  readonly level?: number;
  /** Without it, what the document has. */
  readonly lineBreak?: string;
}

/**
 * Changes white space between tokens, and with `trailingComma` the last comma of lists: never an order, a comment, or
 * how a key or value is written. A document with errors is left alone, and so is one whose result does not read the same.
 */
export function formatToml(
  document: TomlDocument,
  style: Style,
  { level = 0, lineBreak }: FormatContext = {},
): Formatted {
  if (document.errors.length > 0 || analyzeToml(document).errors.length > 0) return { edits: [], refusal: 'broken' };
  const layout = createLayout(document, style, lineBreak);
  placeDocument(layout, document, level);
  const edits = editsOf(layout);
  return readsTheSame(document, edits) ? { edits } : { edits: [], refusal: 'unsafe' };
}
