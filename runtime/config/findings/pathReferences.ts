import type { Diagnostic } from '../../contract/diagnostics.ts';
import type { ConfigAnalysis } from '../analyze.ts';
import { asTable, text } from '../fields.ts';
import type { VmDefinition } from '../project.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import { pick, type Replica } from '../vms/replicas.ts';
import { collectFindings } from './findings.ts';
import { isSuppressed } from './suppressions.ts';

/** A file or folder on the host that a VM needs. */
export interface PathReference {
  readonly what: 'base image' | 'file of user data' | 'bootstrap script' | 'bootstrap payload';
  /** Absolute. */
  readonly file: string;
  readonly vm: string;
  /** Of the key that asks for it. */
  readonly path: TomlPath;
  /** Whether the text names the file; else it is a default that must exist. */
  readonly isWritten: boolean;
}

/** What a VM needs of the host's files. What is made at `up`, such as overlays, is none of it. */
export function pathReferences(vm: VmDefinition, replica: Replica): PathReference[] {
  const base = { vm: vm.name, isWritten: true };
  const { image, userData } = vm;
  const imagePath = pick(replica, 'base_image').path;
  const userDataPath = pick(replica, 'user_data').path;
  return [
    ...(image.kind === 'file' ? [{ ...base, what: 'base image', file: image.path, path: imagePath } as const] : []),
    ...(userData?.kind === 'file'
      ? [{ ...base, what: 'file of user data', file: userData.path, path: userDataPath } as const]
      : []),
    ...bootstrapReferences(vm, replica),
  ];
}

/** A script that is skipped need not exist, nor one at its default place unless it must run. */
function bootstrapReferences(vm: VmDefinition, replica: Replica): PathReference[] {
  const { mode, script, payload } = vm.bootstrap;
  const own = asTable(replica.table.bootstrap) ?? {};
  const path = [...replica.path, 'bootstrap'];
  if (mode === 'skip') return [];
  const references: PathReference[] = [];
  if (text(own.script) !== undefined) {
    references.push({
      what: 'bootstrap script',
      file: script,
      vm: vm.name,
      path: [...path, 'script'],
      isWritten: true,
    });
  } else if (mode === 'always') {
    const asks = own.mode === undefined ? [...replica.path, 'name'] : [...path, 'mode'];
    references.push({ what: 'bootstrap script', file: script, vm: vm.name, path: asks, isWritten: false });
  }
  if (text(own.payload) !== undefined) {
    references.push({
      what: 'bootstrap payload',
      file: payload,
      vm: vm.name,
      path: [...path, 'payload'],
      isWritten: true,
    });
  }
  return references;
}

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
      help: isWritten ? 'Correct the path, or put it there.' : 'Write it, or set `mode = "auto"`.',
      path,
    });
  }
  return findings.list().filter((finding) => !isSuppressed(finding, suppressions));
}
