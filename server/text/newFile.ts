import type { Diagnostic } from '../../runtime/contract/diagnostics.ts';
import type { Analysis } from '../documents/analysis.ts';

const NEEDED: readonly (readonly [name: string, written: string])[] = [
  ['version', '`version`'],
  ['project', '`[project]`'],
  ['vms', '`[[vms]]`'],
];

/** Whether a castra.toml has just begun: as long as it has no VM, it is not wrong but unfinished. */
export function isNewFile({ bootstrap, syntax }: Analysis): boolean {
  return bootstrap === undefined && !syntax.tree.entries.has('vms');
}

/** The key that a whole file needs, if that is what a finding says. */
export function neededByFile({ code, message }: Pick<Diagnostic, 'code' | 'message'>): string | undefined {
  return code === 'config/missing-key' ? /^The file needs `([^`]+)`\.$/.exec(message)?.[1] : undefined;
}

/** One information in the place of an error for each table that a new file does not have yet. */
export function asNewFile(analysis: Analysis, findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const missing = findings.filter((finding) => neededByFile(finding) !== undefined);
  const [first] = missing;
  if (first === undefined || !isNewFile(analysis)) return findings;
  const names = namesWritten(missing.flatMap((finding) => neededByFile(finding) ?? []));
  const { help: _, ...place } = first;
  const one: Diagnostic = {
    ...place,
    severity: 'info',
    message: `To start VMs, this file still needs ${names}.`,
  };
  return [one, ...findings.filter((finding) => !missing.includes(finding))];
}

/** Of keys of the file, as they are written there, in the order of a file. */
export function namesWritten(keys: readonly string[]): string {
  const names = NEEDED.flatMap(([name, written]) => (keys.includes(name) ? [written] : []));
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
