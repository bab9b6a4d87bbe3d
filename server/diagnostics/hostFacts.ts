import type { Connection } from 'vscode-languageserver';
import { findHostProblems, type HostFacts } from '../../runtime/config/findings/hostFacts.ts';
import type { Diagnostic } from '../../runtime/contract/diagnostics.ts';
import type { Analysis } from '../documents/analysis.ts';
import { HOST_FACTS, type HostFactsParams } from '../protocol.ts';

export interface HostKnowledge {
  findings(analysis: Analysis): readonly Diagnostic[];
  /** Changes with each report. */
  revision(): number;
  onChange(listener: () => void): void;
}

export function listenForHostFacts(connection: Connection): HostKnowledge {
  const known = new Map<string, HostFacts>();
  const listeners: (() => void)[] = [];
  let revision = 0;
  connection.onNotification(HOST_FACTS, ({ uri, facts }: HostFactsParams) => {
    if (JSON.stringify(known.get(uri)) === JSON.stringify(facts)) return;
    known.set(uri, facts);
    revision += 1;
    for (const listener of listeners) listener();
  });
  return {
    findings(analysis) {
      const facts = known.get(analysis.uri);
      return facts && analysis.bootstrap === undefined ? findHostProblems(analysis, facts) : [];
    },
    revision: () => revision,
    onChange: (listener) => void listeners.push(listener),
  };
}
