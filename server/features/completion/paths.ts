import { dirname, resolve } from 'node:path';
import { CompletionItemKind } from 'vscode-languageserver';
import { type PathKey, pathKey } from '../../../runtime/config/pathKeys.ts';
import { resolveOverlay } from '../../../runtime/config/vms/paths.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { type FolderEntry, listFolder } from '../../documents/folders.ts';
import type { Cursor } from '../../text/cursor.ts';
import { inSnippet, type Proposal } from './proposal.ts';
import { quoted, tokenAt, type ValueToken } from './token.ts';

/** What has to be listed for the path under the cursor. */
export interface PathRequest {
  readonly key: PathKey;
  readonly token: ValueToken;
  /** As written so far, up to its last slash. */
  readonly prefix: string;
  /** Absolute. */
  readonly folder: string;
  /** The value itself, which need not exist: `.castra/` stands for the state root. */
  readonly hasStateRoot: boolean;
}

/** Undefined where no path belongs, and for what is not a path: a URL, or a text in the place of a file. */
export function pathRequest(
  analysis: Analysis,
  { path, value }: Extract<Cursor, { kind: 'value' }>,
  offset: number,
): PathRequest | undefined {
  const key = pathKey(path);
  const token = key && tokenAt(analysis.text, value, offset);
  // Nothing is read for a document that is in no folder; `//` is another machine's folder on some systems.
  if (key === undefined || token === undefined || !analysis.uri.startsWith('file:')) return undefined;
  if (/^(?:#|[\\/]{2}|[a-z][a-z0-9+.-]+:)/i.test(token.typed) || token.typed.includes('\0')) return undefined;
  const prefix = token.typed.slice(0, token.typed.lastIndexOf('/') + 1);
  const { configPath, stateRoot } = analysis.draft;
  const project = dirname(configPath);
  const isOverlay = key.name === 'overlay';
  const folder = isOverlay ? resolveOverlay(prefix, { project, stateRoot }) : resolve(project, prefix);
  return { key, token, prefix, folder, hasStateRoot: isOverlay && prefix === '' };
}

/** Best file names first, then other files and folders, hidden ones last. */
export async function completePath(request: PathRequest, snippets: boolean): Promise<Proposal[]> {
  const { key, hasStateRoot, token, prefix } = request;
  const entries = (await listFolder(request.folder, token.typed.slice(prefix.length))).filter(
    ({ isFolder }) => isFolder || !key.isFolder,
  );
  const first = hasStateRoot && !entries.some(({ name }) => name === '.castra') ? [STATE_ROOT] : [];
  return [...first, ...entries].map((entry) => propose(entry, request, snippets));
}

const STATE_ROOT: FolderEntry = { name: '.castra', isFolder: true };

function propose({ name, isFolder }: FolderEntry, request: PathRequest, snippets: boolean): Proposal {
  const { token, prefix, key } = request;
  const { quote, indent, isClosed } = token;
  const written = quoted(prefix + name + (isFolder ? '/' : ''), quote);
  const inner = written.slice(0, -1);
  const closing = written.slice(-1);
  const base = {
    label: isFolder ? `${name}/` : name,
    kind: isFolder ? CompletionItemKind.Folder : CompletionItemKind.File,
    filter: quote === '' ? prefix + name : quote + written.slice(1, -1),
    order: orderOf(name, isFolder, key),
  };
  const { replaces } = token;
  if (!isFolder) return { ...base, replaces, text: indent + written };
  // The cursor stays inside the quotes, where the next part is written.
  if (quote !== '' && isClosed && closing === quote) {
    return { ...base, replaces: { ...replaces, to: replaces.to - 1 }, text: inner, continues: true };
  }
  const snippet = `${indent}${inSnippet(inner)}$0${closing}`;
  return { ...base, replaces, text: indent + written, ...(snippets ? { snippet, continues: true } : {}) };
}

function orderOf(name: string, isFolder: boolean, { best }: PathKey): number {
  if (name === '.castra') return 30;
  if (name.startsWith('.')) return 40;
  if (isFolder) return 20;
  return best.test(name) ? 10 : 30;
}
