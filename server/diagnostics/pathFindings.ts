import { homedir } from 'node:os';
import { filesOfBootstrap, findMismatches, findMissing } from '../../runtime/config/bootstrap/bootstrapProject.ts';
import { findMissingFiles } from '../../runtime/config/findings/missingFiles.ts';
import { expandHome } from '../../runtime/config/vms/paths.ts';
import type { Diagnostic } from '../../runtime/contract/diagnostics.ts';
import type { Analysis } from '../documents/analysis.ts';
import type { FileChecks } from '../documents/fileChecks.ts';
import type { Projects } from '../documents/projects.ts';
import type { HostKnowledge } from './hostFacts.ts';

/** What is known outside of a document. */
interface Outside {
  readonly files: FileChecks;
  readonly projects: Projects;
  readonly host: HostKnowledge;
}

/**
 * Files that a document refers to and that do not exist, and what of a bootstrap.toml does not fit its project, as far
 * as is known now: nothing waits for a disk.
 */
export function knownPathFindings(analysis: Analysis, { files, projects, host }: Outside): readonly Diagnostic[] {
  // A document that is not saved is nowhere, and so are its relative paths.
  if (!analysis.uri.startsWith('file:')) return [];
  const exists = (path: string) => files.known(realPath(path)) !== 'missing';
  const { bootstrap } = analysis;
  if (bootstrap === undefined) return [...findMissingFiles(analysis, exists), ...host.findings(analysis)];
  const placed = projects.known(analysis)?.placed ?? [];
  return [...findMissing(bootstrap, exists), ...findMismatches(bootstrap, placed)];
}

/** Finds out what `knownPathFindings` goes by; takes a moment at most, whatever the disk does. */
export async function lookAtPaths(analysis: Analysis, { files, projects }: Outside): Promise<void> {
  if (!analysis.uri.startsWith('file:')) return;
  const { bootstrap } = analysis;
  const paths = bootstrap ? filesOfBootstrap(bootstrap).map(({ file }) => realPath(file)) : filesOf(analysis);
  await Promise.all([files.look(paths), projects.look(analysis)]);
}

const realPath = (path: string): string => expandHome(path, homedir());

const filesOf = ({ placed }: Analysis): readonly string[] =>
  placed.flatMap(({ files }) => files.map(({ file }) => file));
