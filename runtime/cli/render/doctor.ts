import type { DoctorFinding, DoctorOutcome } from '../../contract/doctor.ts';
import { type Color, painter } from './format.ts';

const marks: Readonly<Record<DoctorFinding['status'], readonly [string, Color]>> = {
  ok: ['✔', 'green'],
  info: ['·', 'cyan'],
  warning: ['!', 'yellow'],
  error: ['✘', 'red'],
};

const titles: Readonly<Record<string, string>> = {
  host: 'Host',
  qemu: 'QEMU',
  accelerator: 'Accelerators',
  home: "Castra's home",
  environment: 'Environment',
  project: 'Project',
};

/** By group, in the order of the findings; below each that is not well, what to do. */
export function renderDoctor({ findings, errors, warnings }: DoctorOutcome, stream: NodeJS.WriteStream): string {
  const paint = painter(stream);
  const groups = [...new Set(findings.map(groupOf))];
  const lines = groups.flatMap((group) => [
    paint('bold', titles[group] ?? group),
    ...findings.filter((finding) => groupOf(finding) === group).flatMap((finding) => renderFinding(finding, paint)),
    '',
  ]);
  return `${[...lines, summary(errors, warnings)].join('\n')}\n`;
}

const groupOf = ({ check }: DoctorFinding): string => check.split('.')[0] ?? check;

function renderFinding(finding: DoctorFinding, paint: ReturnType<typeof painter>): string[] {
  const [mark, color] = marks[finding.status];
  const line = `  ${paint(color, mark)} ${finding.message.replace(/\.$/, '')}`;
  return finding.status === 'ok' ? [line] : [line, `      ${finding.fix}`];
}

function summary(errors: number, warnings: number): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  if (errors > 0) return `✘ ${count(errors, 'error')}, ${count(warnings, 'warning')}.`;
  return warnings > 0 ? `✔ VMs can run here; ${count(warnings, 'warning')}.` : '✔ All is well.';
}
