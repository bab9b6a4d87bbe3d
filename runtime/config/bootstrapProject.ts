import { basename, dirname, join } from 'node:path';
import type { Diagnostic } from '../contract/diagnostics.ts';
import type { BootstrapAnalysis } from './analyzeBootstrap.ts';
import { collectFindings, type Findings } from './findings/findings.ts';
import { suggest } from './findings/suggest.ts';
import { isSuppressed } from './findings/suppressions.ts';
import type { PlacedVm } from './vms/placedVm.ts';

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
  const isScripts = placed.some(({ vm }) => dirname(vm.bootstrap.script) === dirname(path));
  if (configOfBootstrap(path) !== undefined && !isScripts) checkFolder(basename(dirname(path)), names, findings);
  return visible(findings, bootstrap);
}

/** A warning for a private key that `exists` does not know. */
export function findMissingKey(bootstrap: BootstrapAnalysis, exists: (file: string) => boolean) {
  const { syntax, path, value } = bootstrap;
  const { identity } = value.ssh;
  if (identity === undefined || exists(identity)) return [];
  const findings = collectFindings(syntax.tree, syntax.document.text, syntax.index, path);
  const isHome = identity.startsWith(join(dirname(path), '~'));
  findings.report({
    severity: 'warning',
    code: 'config/missing-file',
    message: `The SSH key ${identity} does not exist.`,
    help: isHome ? '`~` has no meaning here: write the whole path.' : 'Correct the path, or create it.',
    path: ['ssh', 'identity'],
  });
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
