import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  CreateFile,
  ResourceOperationKind,
  type ServerCapabilities,
} from 'vscode-languageserver';
import type { FeatureContext } from '../featureContext.ts';
import { type ActionStyle, FIX_ALL, offer } from './codeActions/offer.ts';

/** Not for clients that know commands only: what an action does must be seen before it is done. */
export function serveCodeActions(context: FeatureContext): ServerCapabilities {
  const { connection, documents, guard, capabilities, projects } = context;
  if (!capabilities.textDocument?.codeAction?.codeActionLiteralSupport) return {};
  const style = styleOf(context);
  connection.onCodeAction(
    guard('codeAction', async ({ textDocument, range, context: asked }: CodeActionParams): Promise<CodeAction[]> => {
      const analysis = documents.analysis(textDocument.uri);
      if (analysis === undefined) return [];
      const { only, diagnostics } = asked;
      const span = { from: analysis.positions.offset(range.start), to: analysis.positions.offset(range.end) };
      const actions = offer(
        await projects.withVms(analysis),
        { ...span, diagnostics, ...(only ? { only } : {}) },
        style,
      );
      const isUseful = await Promise.all(actions.map(createsNothingKnown));
      return actions.filter((_, index) => isUseful[index]);
    }),
  );
  const codeActionKinds = [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite, FIX_ALL];
  return { codeActionProvider: { codeActionKinds } };
}

function styleOf({ capabilities }: FeatureContext): ActionStyle {
  const edit = capabilities.workspace?.workspaceEdit;
  const versions = edit?.documentChanges ?? false;
  return { versions, creates: versions && (edit?.resourceOperations?.includes(ResourceOperationKind.Create) ?? false) };
}

/** A client's finding may be older than the file that it misses. */
async function createsNothingKnown({ edit }: CodeAction): Promise<boolean> {
  const created = edit?.documentChanges?.find((change) => CreateFile.is(change));
  if (created === undefined) return true;
  try {
    await access(fileURLToPath(created.uri));
    return false;
  } catch {
    return true;
  }
}
