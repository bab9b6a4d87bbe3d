import * as vscode from 'vscode';
import { LANGUAGE, settings } from '../ids.ts';

/** What `castra schema` says to write into a file. */
const SCHEMA_LINE = /^\uFEFF?#:schema\s+\S*castra\.schema\.json\s*$/;

/**
 * Files that are not called castra.toml: those of the setting, and those that name Castra's schema in their first line.
 * VS Code goes by the first line itself, unless another extension has taken the name.
 */
export function adoptFiles(): vscode.Disposable {
  const adopt = (document: vscode.TextDocument) => {
    if (document.languageId !== LANGUAGE && isMeant(document)) {
      void vscode.languages.setTextDocumentLanguage(document, LANGUAGE);
    }
  };
  const adoptAll = () => vscode.workspace.textDocuments.forEach(adopt);
  adoptAll();
  return vscode.Disposable.from(
    vscode.workspace.onDidOpenTextDocument(adopt),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration(settings.files) && adoptAll()),
  );
}

function isMeant(document: vscode.TextDocument): boolean {
  if (!['file', 'untitled'].includes(document.uri.scheme)) return false;
  const patterns = vscode.workspace.getConfiguration(undefined, document.uri).get<unknown>(settings.files);
  const isNamed = [patterns ?? []]
    .flat()
    .some(
      (pattern) => typeof pattern === 'string' && vscode.languages.match({ pattern: anywhere(pattern) }, document) > 0,
    );
  return isNamed || (document.fileName.endsWith('.toml') && SCHEMA_LINE.test(document.lineAt(0).text));
}

/** A name without a folder means files of every folder. */
const anywhere = (pattern: string): string => (pattern.includes('/') ? pattern : `**/${pattern}`);
