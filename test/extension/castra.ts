// The extension as VS Code's API shows it, in a workspace whose castra.toml is the one of test/extension/castra.toml.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { hostTest } from './hostTest.ts';

const WAIT_MS = 20_000;
const POLL_MS = 50;

/** The server is another process: what it says comes later. */
async function eventually<V>(read: () => V | PromiseLike<V>, wanted: (value: V) => boolean, what: string): Promise<V> {
  for (const end = Date.now() + WAIT_MS; ; ) {
    const value = await read();
    if (wanted(value)) return value;
    if (Date.now() > end) assert.fail(`${what}; the last was ${JSON.stringify(value)}`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

async function openConfig(): Promise<vscode.TextDocument> {
  const [file] = await vscode.workspace.findFiles('castra.toml');
  assert.ok(file, 'the workspace has a castra.toml');
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  return document;
}

hostTest('a castra.toml in the workspace activates the extension, with every command of its manifest', async () => {
  const castra = vscode.extensions.getExtension('castra.castra');
  assert.ok(castra);
  await eventually(
    () => castra.isActive,
    (active) => active,
    'nothing but the file activated it',
  );
  const declared: { command: string }[] = castra.packageJSON.contributes.commands;
  const known = new Set(await vscode.commands.getCommands(true));
  assert.deepEqual(
    declared.map(({ command }) => command).filter((command) => !known.has(command)),
    [],
  );
});

hostTest('a fault is shown where it is, and its quick fix takes it away', async () => {
  const document = await openConfig();
  assert.equal(document.languageId, 'castra');
  const [fault] = await eventually(
    () => vscode.languages.getDiagnostics(document.uri),
    (found) => found.some(({ message }) => message.includes('memroy')),
    'no diagnostic of the unknown key',
  );
  assert.ok(fault);
  assert.equal(document.getText(fault.range), 'memroy');
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    document.uri,
    fault.range,
    vscode.CodeActionKind.QuickFix.value,
  );
  const fix = actions.find(({ isPreferred }) => isPreferred);
  assert.ok(fix?.edit, `of ${actions.map(({ title }) => title).join(', ')} none is preferred`);
  assert.equal(await vscode.workspace.applyEdit(fix.edit), true);
  assert.match(document.getText(), /^memory = "256 MiB"$/m);
  await eventually(
    () => vscode.languages.getDiagnostics(document.uri),
    (found) => found.length === 0,
    'the diagnostic stays',
  );
});

hostTest('the outline names the VMs, and a key explains itself', async () => {
  const { uri } = await openConfig();
  const symbols = await eventually(
    () => vscode.commands.executeCommand<vscode.DocumentSymbol[]>('vscode.executeDocumentSymbolProvider', uri),
    (found) => found !== undefined && found.length > 0,
    'no symbols',
  );
  assert.ok(symbols.some(({ name }) => name === 'web'));
  const position = new vscode.Position(6, 1);
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, position);
  const text = hovers.flatMap(({ contents }) => contents.map((part) => (typeof part === 'string' ? part : part.value)));
  assert.match(text.join('\n'), /memory/);
});

hostTest('the tasks of the project are offered', async () => {
  const tasks = await vscode.tasks.fetchTasks({ type: 'castra' });
  assert.ok(tasks.some(({ name }) => /up/i.test(name)));
  assert.ok(tasks.some(({ name }) => /validate/i.test(name)));
});
