import * as vscode from 'vscode';

const SCHEME = 'castra-text';

/** Documents that are shown and never saved, by path. A second text with the same title takes the place of the first. */
const texts = new Map<string, string>();
const changed = new vscode.EventEmitter<vscode.Uri>();

export async function showText(title: string, text: string): Promise<void> {
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title}.md` });
  texts.set(uri.path, text);
  changed.fire(uri);
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { preview: true });
}

/** An absolute path, or a command that the window has as well. */
const LINKS = /(?<path>(?<![\w.~-])\/[\w./@+-]+\w)|`castra (?<command>up|clean|doctor|down)`/g;

const commands: Readonly<Record<string, string>> = {
  up: 'castra.upAll',
  down: 'castra.downAll',
  clean: 'castra.clean',
  doctor: 'castra.doctor',
};

export function provideTexts(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: ({ path }) => texts.get(path) ?? '',
    }),
    vscode.languages.registerDocumentLinkProvider({ scheme: SCHEME }, { provideDocumentLinks: linksOf }),
  );
}

/** Only what leads somewhere: files that are there, and buttons of the window. */
async function linksOf(document: vscode.TextDocument): Promise<vscode.DocumentLink[]> {
  const found = [...document.getText().matchAll(LINKS)].map(async ({ index, 0: all, groups }) => {
    const range = new vscode.Range(document.positionAt(index), document.positionAt(index + all.length));
    const target = groups?.command
      ? vscode.Uri.parse(`command:${commands[groups.command]}`)
      : await fileAt(groups?.path ?? '');
    return target ? [new vscode.DocumentLink(range, target)] : [];
  });
  return (await Promise.all(found)).flat();
}

async function fileAt(path: string): Promise<vscode.Uri | undefined> {
  const uri = vscode.Uri.file(path);
  try {
    const { type } = await vscode.workspace.fs.stat(uri);
    return type === vscode.FileType.File ? uri : undefined;
  } catch {
    return undefined;
  }
}
