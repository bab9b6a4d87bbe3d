import { existsSync } from 'node:fs';
import { inOrder } from '../config/findings.ts';
import { findMissingFiles } from '../config/pathReferences.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { ValidateOptions } from '../options.ts';
import type { ValidateOutcome } from '../outcomes.ts';
import { analyzeProject, type ProjectAnalysis } from './project.ts';
import { type Operation, tell } from './run.ts';

/** Finds everything that is wrong with a project's file. Errors in the file are its result, not its failure. */
export const validate: Operation<ValidateOptions, ValidateOutcome> = (options, run) => {
  const analysis = analyzeProject(options);
  const { place } = analysis;
  const diagnostics = inOrder([...analysis.diagnostics, ...missingFiles(analysis)]);
  const count = (severity: string) => diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  const errors = count('error');
  const value = { configPath: place.configPath, valid: errors === 0, errors, warnings: count('warning') };
  return Promise.resolve({ value, diagnostics: tell(diagnostics, run) });
};

function missingFiles({ syntax, placed, place, suppressions = [] }: ProjectAnalysis): readonly Diagnostic[] {
  return syntax && placed ? findMissingFiles({ syntax, placed, place, suppressions }, existsSync) : [];
}
