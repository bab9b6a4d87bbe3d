import {
  LSPErrorCodes,
  type PrepareRenameResult,
  type RenameParams,
  ResponseError,
  type ServerCapabilities,
  type TextDocumentPositionParams,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import { explainBadName } from '../../runtime/config/vms/names.ts';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { mentionsAcross, type PlacedMention } from '../text/mentions.ts';
import { findMentions, findRoles, mentionAt } from '../text/roles.ts';

export function serveRename({
  connection,
  documents,
  guard,
  capabilities,
  projects,
}: FeatureContext): ServerCapabilities {
  const isVersioned = capabilities.workspace?.workspaceEdit?.documentChanges === true;
  const canPrepare = capabilities.textDocument?.rename?.prepareSupport === true;
  connection.onPrepareRename(
    guard('prepareRename', async ({ textDocument, position }: TextDocumentPositionParams) => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? prepareRename(await projects.withVms(analysis), analysis.positions.offset(position)) : null;
    }),
  );
  connection.onRenameRequest(
    guard('rename', async ({ textDocument, position, newName }: RenameParams) => {
      const analysis = documents.analysis(textDocument.uri);
      if (analysis === undefined) return null;
      const mentions = await mentionsAcross(analysis, analysis.positions.offset(position), projects);
      return rename(mentions, newName, isVersioned);
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
  mentions: readonly PlacedMention[],
  newName: string,
  isVersioned: boolean,
): WorkspaceEdit | null {
  const [first] = mentions;
  if (first === undefined) return null;
  const { role } = first.mention;
  const problem = newName === role ? undefined : explainRefusal(first.analysis, role, newName);
  if (problem !== undefined) throw new ResponseError(LSPErrorCodes.RequestFailed, problem);
  const changes = [...new Set(mentions.map(({ analysis }) => analysis))].map((analysis) => ({
    analysis,
    edits: mentions.filter((each) => each.analysis === analysis).map((each) => editOf(each, newName)),
  }));
  if (!isVersioned) return { changes: Object.fromEntries(changes.map(({ analysis, edits }) => [analysis.uri, edits])) };
  const documentChanges = changes.map(({ analysis: { uri, version }, edits }) => ({
    // A document that is not open has no version.
    textDocument: { uri, version: version === 0 ? null : version },
    edits,
  }));
  return { documentChanges };
}

/** A string with escapes is written again as a whole. */
function editOf({ analysis, mention }: PlacedMention, newName: string): TextEdit {
  const { positions, text } = analysis;
  const { role, span, whole, suffix } = mention;
  const isPlain = text.slice(whole.from, whole.to) === role + suffix;
  return isPlain
    ? { range: positions.range(span), newText: newName }
    : { range: positions.range(whole), newText: newName + suffix };
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
  if (others.some(({ name }) => name === newName)) return `A role "${newName}" already exists. Choose another name.`;
  const taken = new Set(others.flatMap(({ vms }) => vms.map(({ name }) => name)));
  const clash = names.find((name) => taken.has(name));
  return clash === undefined ? undefined : `A VM "${clash}" already exists. Choose another name.`;
}
