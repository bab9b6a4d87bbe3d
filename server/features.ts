import type { Feature } from './featureContext.ts';
import { serveCodeActions } from './features/codeActions.ts';
import { serveCodeLens } from './features/codeLens.ts';
import { serveCompletion } from './features/completion.ts';
import { serveDefinition } from './features/definition.ts';
import { serveDocumentLinks } from './features/documentLinks.ts';
import { serveDocumentSymbols } from './features/documentSymbols.ts';
import { serveFolding } from './features/folding.ts';
import { serveFormatting } from './features/formatting.ts';
import { serveHover } from './features/hover.ts';
import { serveInlayHints } from './features/inlayHints.ts';
import { serveLinkedEditing } from './features/linkedEditing.ts';
import { serveReferences } from './features/references.ts';
import { serveRename } from './features/rename.ts';
import { serveSelectionRanges } from './features/selectionRanges.ts';
import { serveSemanticTokens } from './features/semanticTokens.ts';

/** One file each in features/. */
export const features: readonly Feature[] = [
  serveCodeActions,
  serveCodeLens,
  serveCompletion,
  serveDefinition,
  serveDocumentLinks,
  serveDocumentSymbols,
  serveFolding,
  serveFormatting,
  serveHover,
  serveInlayHints,
  serveLinkedEditing,
  serveReferences,
  serveRename,
  serveSelectionRanges,
  serveSemanticTokens,
];
