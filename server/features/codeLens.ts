import type { CodeLens, CodeLensParams, ServerCapabilities } from 'vscode-languageserver';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { findRoles } from '../text/roles.ts';

/** Only for a client that draws its own lenses from these: what runs is not known here. */
export function serveCodeLens({ connection, documents, guard, options }: FeatureContext): ServerCapabilities {
  if (options.codeLens !== true) return {};
  connection.onCodeLens(
    guard('codeLens', ({ textDocument }: CodeLensParams) => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? codeLenses(analysis) : [];
    }),
  );
  return { codeLensProvider: {} };
}

/** One for each `[[vms]]` header, with the role and its VMs; the title is the client's. */
export function codeLenses(analysis: Analysis): CodeLens[] {
  const { uri, positions } = analysis;
  return findRoles(analysis).flatMap(({ table, name, vms }) => {
    if (table.header === undefined || name === '') return [];
    const argument = { uri, role: name, vms: vms.map((vm) => vm.name) };
    const command = { title: '', command: 'castra.lens.vm', arguments: [argument] };
    return [{ range: positions.range(table.header), command }];
  });
}
