import { basename, dirname, join } from 'node:path';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { collectFindings, type Findings } from '../findings/findings.ts';
import { suggest } from '../findings/suggest.ts';
import { isSuppressed } from '../findings/suppressions.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import type { PlacedVm } from '../vms/placedVm.ts';
import type { BootstrapAnalysis } from './analyzeBootstrap.ts';
import { checkStepNeeds } from './bootstrapSteps.ts';

/** The file beside a bootstrap script that says how it is run. */
export const BOOTSTRAP_FILE = 'bootstrap.toml';

/** The folder beside castra.toml that has a folder for each VM or role. */
const BOOTSTRAP_FOLDER = 'bootstrap';

/** The castra.toml that a bootstrap.toml belongs to; undefined for one that only a `script` elsewhere leads to. */
export function configOfBootstrap(path: string): string | undefined {
  const folders = dirname(dirname(path));
  return basename(folders) === BOOTSTRAP_FOLDER ? join(dirname(folders), 'castra.toml') : undefined;
}

/** Where the VMs of a project may have a bootstrap.toml: in folders by their names, their roles' and their scripts'. */
export function bootstrapFiles(placed: readonly PlacedVm[], configPath: string): string[] {
  const folders = placed.flatMap(({ vm: { name, role, bootstrap } }) => [
    ...[role, name].map((own) => join(dirname(configPath), BOOTSTRAP_FOLDER, own)),
    dirname(bootstrap.script),
  ]);
  return [...new Set(folders)].map((folder) => join(folder, BOOTSTRAP_FILE));
}

/** Names of VMs and roles. */
export function namesOfProject(placed: readonly PlacedVm[]): string[] {
  return [...new Set(placed.flatMap(({ vm }) => [vm.role, vm.name]))].filter((name) => name !== '');
}

/** What of a bootstrap.toml does not fit the project. Nothing is known against one whose VMs cannot be read. */
export function findMismatches(bootstrap: BootstrapAnalysis, placed: readonly PlacedVm[]): Diagnostic[] {
  const { syntax, path } = bootstrap;
  const names = namesOfProject(placed);
  if (names.length === 0) return [];
  const findings = collectFindings(syntax.tree, syntax.document.text, syntax.index, path);
  checkIdentity(bootstrap.value.handshakeIdentity, names, findings);
  for (const [index, step] of (bootstrap.value.steps ?? []).entries()) checkStepNeeds(step, index, names, findings);
  const isScripts = placed.some(({ vm }) => dirname(vm.bootstrap.script) === dirname(path));
  if (configOfBootstrap(path) !== undefined && !isScripts) checkFolder(basename(dirname(path)), names, findings);
  return visible(findings, bootstrap);
}

/** A file of this host that a bootstrap.toml names. */
interface NamedFile {
  readonly what: 'SSH key' | 'script' | 'payload';
  /** Absolute, or `~/…`. */
  readonly file: string;
  readonly path: TomlPath;
}

export function filesOfBootstrap({ value: { ssh, steps = [] } }: BootstrapAnalysis): readonly NamedFile[] {
  return [
    ...(ssh.identity === undefined
      ? []
      : [{ what: 'SSH key', file: ssh.identity, path: ['ssh', 'identity'] } as const]),
    ...steps.flatMap(({ run, payload }, index): NamedFile[] => [
      ...(run?.kind === 'file' ? [{ what: 'script', file: run.path, path: ['steps', index, 'run'] } as const] : []),
      ...(payload === undefined
        ? []
        : [{ what: 'payload', file: payload, path: ['steps', index, 'payload'] } as const]),
    ]),
  ];
}

/** A warning for every file that `exists` does not know. */
export function findMissing(bootstrap: BootstrapAnalysis, exists: (file: string) => boolean): Diagnostic[] {
  const missing = filesOfBootstrap(bootstrap).filter(({ file }) => !exists(file));
  if (missing.length === 0) return [];
  const { syntax, path } = bootstrap;
  const findings = collectFindings(syntax.tree, syntax.document.text, syntax.index, path);
  for (const { what, file, path: at } of missing) {
    findings.report({
      severity: 'warning',
      code: 'config/missing-file',
      message: `The ${what} ${file} does not exist.`,
      help: 'Correct the path, or create it.',
      path: at,
    });
  }
  return visible(findings, bootstrap);
}

const visible = (findings: Findings, { suppressions }: BootstrapAnalysis): Diagnostic[] =>
  findings.list().filter((finding) => !isSuppressed(finding, suppressions));

function checkIdentity(identity: string | undefined, names: readonly string[], findings: Findings): void {
  if (identity === undefined || names.includes(identity)) return;
  findings.report({
    severity: 'warning',
    code: 'config/unknown-identity',
    message: `No VM or role of castra.toml is called "${identity}".`,
    help: helpFor(identity, names),
    path: ['handshake_identity'],
  });
}

function checkFolder(folder: string, names: readonly string[], findings: Findings): void {
  if (names.includes(folder)) return;
  findings.report({
    severity: 'info',
    code: 'config/unknown-bootstrap-folder',
    message: `No VM or role of castra.toml is called "${folder}" like this folder: nothing uses this file.`,
    help: helpFor(folder, names),
    path: [],
  });
}

const MAX_NAMES = 8;

function helpFor(word: string, names: readonly string[]): string {
  const meant = suggest(word, names);
  const more = names.length > MAX_NAMES ? ', …' : '';
  return meant ? `Did you mean "${meant}"?` : `There are: ${names.slice(0, MAX_NAMES).join(', ')}${more}.`;
}
