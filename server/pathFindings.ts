import { findMissingFiles, pathReferences } from '../runtime/config/pathReferences.ts';
import type { Diagnostic } from '../runtime/diagnostics.ts';
import type { Analysis } from './analysis.ts';
import type { FileChecks } from './fileChecks.ts';

/** Files that a document refers to and that do not exist, as far as is known now: nothing waits for a disk. */
export function knownPathFindings(analysis: Analysis, files: FileChecks): readonly Diagnostic[] {
  // A document that is not saved is nowhere, and so are its relative paths.
  if (!analysis.uri.startsWith('file:')) return [];
  return findMissingFiles(analysis, (path) => files.known(path) !== 'missing');
}

/** Finds out what `knownPathFindings` goes by; takes a moment at most, whatever the disk does. */
export async function lookAtPaths(analysis: Analysis, files: FileChecks): Promise<void> {
  if (analysis.uri.startsWith('file:')) await files.look(pathReferences(analysis.placed).map(({ file }) => file));
}
