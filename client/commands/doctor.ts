import * as vscode from 'vscode';
import type { DoctorFinding, DoctorOutcome } from '../../runtime/contract/doctor.ts';
import { type Operations, outcomeOf } from '../cli/commandsOfProjects.ts';
import type { FleetStore } from '../fleet/store.ts';
import type { Host } from '../host.ts';
import { showText } from './readOnlyText.ts';

const marks: Readonly<Record<DoctorFinding['status'], string>> = { ok: '✔', info: '•', warning: '!', error: '✘' };

/** The findings as a document that is never saved: to be read, searched and pasted into a report. */
export async function showDoctor(parts: { host: Host; fleet: FleetStore; operations: Operations }): Promise<void> {
  const { host, fleet, operations } = parts;
  const [project] = fleet.projects;
  const location = { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Castra: checking this host') };
  const outcome = await vscode.window.withProgress(location, () =>
    outcomeOf<DoctorOutcome>(host, operations.ask(project, ['doctor'])),
  );
  if (!outcome) return;
  await showText('Castra Doctor', describe(outcome));
}

function describe({ findings, errors, warnings }: DoctorOutcome): string {
  const groups = new Map<string, DoctorFinding[]>();
  for (const finding of findings) {
    const group = finding.check.split('.', 1)[0] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), finding]);
  }
  const head = `# Castra doctor\n\n${vscode.l10n.t('{0} errors, {1} warnings.', errors, warnings)}\n`;
  return [head, ...[...groups].map(([group, list]) => `## ${group}\n\n${list.map(line).join('\n')}\n`)].join('\n');
}

function line(finding: DoctorFinding): string {
  const fix = 'fix' in finding && finding.fix ? `\n  - ${finding.fix}` : '';
  return `- ${marks[finding.status]} ${finding.message}${fix}`;
}
