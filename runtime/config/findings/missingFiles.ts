import type { Diagnostic } from '../../contract/diagnostics.ts';
import type { ConfigAnalysis } from '../configAnalysis.ts';
import { collectFindings } from './findings.ts';
import { isSuppressed } from './suppressions.ts';

/** A warning for every reference to a file that `exists` does not know, in the order of the text. */
export function findMissingFiles(
  { syntax, placed, place, suppressions }: Pick<ConfigAnalysis, 'syntax' | 'placed' | 'place' | 'suppressions'>,
  exists: (file: string) => boolean,
): Diagnostic[] {
  const missing = placed.flatMap(({ files }) => files.filter(({ file }) => !exists(file)));
  if (missing.length === 0) return [];
  const findings = collectFindings(syntax.tree, syntax.document.text, syntax.index, place.configPath);
  for (const { what, file, vm, path, isWritten } of missing) {
    findings.report({
      severity: 'warning',
      code: 'config/missing-file',
      message: isWritten
        ? `The ${what} ${file} does not exist.`
        : `The ${what} ${file} of "${vm}" does not exist, and the mode is \`always\`.`,
      help: isWritten ? 'Correct the path, or create it.' : 'Write it, or set `mode = "auto"`.',
      path,
    });
  }
  return findings.list().filter((finding) => !isSuppressed(finding, suppressions));
}
