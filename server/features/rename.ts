import {
  LSPErrorCodes,
  type PrepareRenameResult,
  type RenameParams,
  ResponseError,
  type ServerCapabilities,
  type TextDocumentPositionParams,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import { explainBadName } from '../../runtime/config/names.ts';
import type { Analysis } from '../analysis.ts';
import type { FeatureContext } from '../features.ts';
import { findMentions, findRoles, mentionAt } from '../roles.ts';
import { mentionsOf } from './references.ts';

export function serveRename({ connection, documents, guard, capabilities }: FeatureContext): ServerCapabilities {
  const isVersioned = capabilities.workspace?.workspaceEdit?.documentChanges === true;
  const canPrepare = capabilities.textDocument?.rename?.prepareSupport === true;
  connection.onPrepareRename(
    guard('prepareRename', ({ textDocument, position }: TextDocumentPositionParams) => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? prepareRename(analysis, analysis.positions.offset(position)) : null;
    }),
  );
  connection.onRenameRequest(
    guard('rename', ({ textDocument, position, newName }: RenameParams) => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? rename(analysis, analysis.positions.offset(position), newName, isVersioned) : null;
    }),
  );
  return { renameProvider: canPrepare ? { prepareProvider: true } : true };
}

/** The name of the role at an offset; in `web-0` that is `web`. */
export function prepareRename(analysis: Analysis, offset: number): PrepareRenameResult | null {
  const mention = mentionAt(findMentions(analysis), offset);
  return mention ? { range: analysis.positions.range(mention.span), placeholder: mention.role } : null;
}

/** Changes the name between the quotes, whatever quotes they are, and nothing else. Throws what the client shows. */
export function rename(
  analysis: Analysis,
  offset: number,
  newName: string,
  isVersioned: boolean,
): WorkspaceEdit | null {
  const mentions = mentionsOf(analysis, offset);
  const role = mentions[0]?.role;
  if (role === undefined) return null;
  const problem = newName === role ? undefined : explainRefusal(analysis, role, newName);
  if (problem !== undefined) throw new ResponseError(LSPErrorCodes.RequestFailed, problem);
  const { uri, version, positions, text } = analysis;
  const edits = mentions.map(({ span, whole, suffix }) => {
    // A string with escapes is written anew as a whole.
    const isPlain = text.slice(whole.from, whole.to) === role + suffix;
    return isPlain
      ? { range: positions.range(span), newText: newName }
      : { range: positions.range(whole), newText: newName + suffix };
  });
  if (!isVersioned) return { changes: { [uri]: edits } };
  return { documentChanges: [{ textDocument: { uri, version }, edits }] };
}

/** What stands against a name: its own form, that of its last replica, or a VM that is called so. */
function explainRefusal(analysis: Analysis, role: string, newName: string): string | undefined {
  if (newName === '') return 'A role needs a name.';
  const roles = findRoles(analysis);
  const own = roles.filter(({ name }) => name === role).flatMap(({ vms }) => vms);
  const others = roles.filter(({ name }) => name !== role);
  const names = own.map(({ name }) => newName + name.slice(role.length));
  const longest = names.reduce((long, name) => (name.length > long.length ? name : long), newName);
  const problem = explainBadName(newName) ?? explainBadName(longest);
  if (problem !== undefined) return problem;
  if (others.some(({ name }) => name === newName)) return `There is a role "${newName}" already. Choose another name.`;
  const taken = new Set(others.flatMap(({ vms }) => vms.map(({ name }) => name)));
  const clash = names.find((name) => taken.has(name));
  return clash === undefined ? undefined : `There is a VM "${clash}" already. Choose another name.`;
}
