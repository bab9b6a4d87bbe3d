import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { BOOTSTRAP_FILE, configOfBootstrap } from '../config/bootstrap/bootstrapProject.ts';
import { discoverConfig } from '../config/discover.ts';
import { inOrder, spanAt } from '../config/findings/findings.ts';
import { findMissingFiles } from '../config/findings/missingFiles.ts';
import { rangeOf } from '../config/toml/positions.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import { wayOut } from '../contract/failures.ts';
import type { ConfigSelection, HostSettings, ValidateOptions, ValidateOutcome } from '../contract/project.ts';
import { examineRoot } from '../state/stateRoot.ts';
import { existingBootstraps, isFile, validateBootstrap } from './project/bootstraps.ts';
import { analyzeProject, type ProjectAnalysis } from './project/openProject.ts';
import { type Operation, tell } from './run.ts';

/**
 * Finds everything that is wrong with a project's file and the bootstrap.toml files of its VMs, or with one of these
 * when that is selected. Errors in a file are the result, not a failure.
 */
export const validate: Operation<ValidateOptions, ValidateOutcome> = (options, run) => {
  const { config } = options;
  const isBootstrap = config.kind === 'file' && basename(config.path) === BOOTSTRAP_FILE;
  const { path, bootstrapPaths, found } = isBootstrap
    ? validateOne(config, options.settings)
    : validateProject(options);
  const count = (severity: string) => found.filter((diagnostic) => diagnostic.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const value = { configPath: path, bootstrapPaths, valid: errors === 0, errors, warnings };
  return Promise.resolve({ value, diagnostics: tell(found, run) });
};

type SelectedFile = Extract<ConfigSelection, { readonly kind: 'file' }>;

interface Validated {
  readonly path: string;
  readonly bootstrapPaths: readonly string[];
  readonly found: readonly Diagnostic[];
}

function validateProject(options: ValidateOptions): Validated {
  const analysis = analyzeProject(options);
  const { place, placed = [] } = analysis;
  const bootstrapPaths = existingBootstraps(placed, place.configPath);
  const own = inOrder([...analysis.diagnostics, ...missingFiles(analysis), ...foreignRoot(analysis, options.settings)]);
  const found = [...own, ...bootstrapPaths.flatMap((path) => validateBootstrap(path, placed))];
  return { path: place.configPath, bootstrapPaths, found };
}

/** Names are looked up in the project two folders up, where there is one. */
function validateOne(config: SelectedFile, settings: HostSettings): Validated {
  const path = discoverConfig(config);
  const project = configOfBootstrap(path);
  const { placed = [] } =
    project && isFile(project) ? analyzeProject({ config: { kind: 'file', path: project }, settings }) : {};
  return { path, bootstrapPaths: [], found: validateBootstrap(path, placed) };
}

/** `up` would refuse it, and so would every other command. */
function foreignRoot({ place, syntax }: ProjectAnalysis, { home }: HostSettings): readonly Diagnostic[] {
  const verdict = examineRoot(home, place);
  if (verdict.kind !== 'refused') return [];
  const span = syntax && spanAt(syntax.tree, ['project', 'state_dir'], 'value');
  const range = span && syntax ? { range: rangeOf(syntax.index, span.from, span.to) } : {};
  const message = `The state root ${place.stateRoot} ${verdict.detail}.`;
  const help = wayOut(verdict.found);
  return [{ severity: 'error', code: 'host/state-root', message, help, path: place.configPath, ...range }];
}

function missingFiles({ syntax, placed, place, suppressions = [] }: ProjectAnalysis): readonly Diagnostic[] {
  return syntax && placed ? findMissingFiles({ syntax, placed, place, suppressions }, existsSync) : [];
}
