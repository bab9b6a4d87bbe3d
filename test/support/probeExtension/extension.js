// Has one of everything that the driver of the workbench can see, so that the driver itself is tested.
const vscode = require('vscode');

let count = 0;

exports.activate = (context) => {
  const changed = new vscode.EventEmitter();
  const output = vscode.window.createOutputChannel('Castra Probe');
  const diagnostics = vscode.languages.createDiagnosticCollection('castraProbe');
  const show = () => {
    changed.fire(undefined);
    output.appendLine(`count is ${count}`);
  };
  const rows = {
    onDidChangeTreeData: changed.event,
    getChildren: (element) => (element === undefined ? ['row'] : []),
    getTreeItem: () => ({
      id: 'row',
      label: 'A row',
      description: `${count} ${vscode.workspace.isTrusted ? 'trusted' : 'restricted'}`,
      command: { command: 'castraProbe.count', title: 'Count' },
    }),
  };
  const judge = (document) => {
    const at = document.getText().indexOf('wrong');
    const range = new vscode.Range(document.positionAt(at), document.positionAt(at + 'wrong'.length));
    diagnostics.set(document.uri, at < 0 ? [] : [new vscode.Diagnostic(range, 'This is wrong.')]);
  };
  context.subscriptions.push(
    changed,
    output,
    diagnostics,
    vscode.window.registerTreeDataProvider('castraProbe.rows', rows),
    vscode.window.registerTreeDataProvider('castraProbe.none', { getChildren: () => [], getTreeItem: () => ({}) }),
    vscode.workspace.onDidGrantWorkspaceTrust(show),
    vscode.workspace.onDidChangeTextDocument(({ document }) => judge(document)),
    vscode.commands.registerCommand('castraProbe.count', () => {
      count++;
      show();
      return count;
    }),
    vscode.commands.registerCommand('castraProbe.reset', () => {
      count = 0;
      show();
    }),
    vscode.commands.registerCommand('castraProbe.ask', async () => {
      const picked = await vscode.window.showQuickPick(['one', 'two']);
      const answer = await vscode.window.showInformationMessage(`You picked ${picked}.`, 'Fine');
      output.appendLine(`answer is ${answer}`);
    }),
  );
};
