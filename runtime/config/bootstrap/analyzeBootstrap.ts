import { dirname, resolve } from 'node:path';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { asTable, type Fields, integer, tables, text, textMap, texts } from '../fields.ts';
import type { Findings } from '../findings/findings.ts';
import { applySuppressions, readSuppressions, type Suppression } from '../findings/suppressions.ts';
import { type DocumentSyntax, readDocument } from '../readDocument.ts';
import { bootstrapShape } from '../schema.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import { isBelowHome } from '../vms/paths.ts';
import { type BootstrapStepFile, checkSteps, ENV_NAME, readSteps } from './bootstrapSteps.ts';
import { explainRemoteDir } from './remoteDir.ts';

/** What a bootstrap.toml says; what it leaves out comes from castra.toml. */
export interface BootstrapFile {
  readonly handshakeIdentity?: string;
  readonly handshakeTimeoutMs?: number;
  readonly remoteDir?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly verify: { readonly command?: string; readonly path?: string };
  readonly ssh: BootstrapSsh;
  /** Undefined: the script beside the file is all there is to run. */
  readonly steps?: readonly BootstrapStepFile[];
}

export interface BootstrapSsh {
  readonly user?: string;
  readonly host?: string;
  readonly port?: number;
  /** Absolute, or `~/…`. */
  readonly identity?: string;
  readonly options: readonly string[];
}

export interface BootstrapAnalysis {
  readonly path: string;
  readonly syntax: DocumentSyntax;
  /** As far as it can be understood. */
  readonly value: BootstrapFile;
  readonly suppressions: readonly Suppression[];
  /** Everything that was found, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Text of a bootstrap.toml in, its meaning and diagnostics out. `path` is absolute. Pure, and never throws. */
export function analyzeBootstrap(source: { readonly text: string; readonly path: string }): BootstrapAnalysis {
  const { syntax, value, findings } = readDocument(source, bootstrapShape);
  const file = interpret(value, dirname(source.path));
  checkRemoteDir(file.remoteDir, findings);
  checkNames(value.env, ['env'], findings);
  for (const [index, step] of tables(value.steps).entries()) checkNames(step?.env, ['steps', index, 'env'], findings);
  checkSteps(value, file.steps, findings);
  checkVerify(value, findings);
  const { document, index } = syntax;
  const suppressions = readSuppressions(document, index);
  const diagnostics = applySuppressions(findings.list(), suppressions, { path: source.path, index });
  return { path: source.path, syntax, value: file, suppressions, diagnostics };
}

function interpret(value: Fields, folder: string): BootstrapFile {
  const [verify, ssh] = [asTable(value.verify) ?? {}, asTable(value.ssh) ?? {}];
  const identity = text(ssh.identity);
  const seconds = integer(value.handshake_timeout_secs, 1);
  const known = {
    handshakeIdentity: text(value.handshake_identity),
    handshakeTimeoutMs: seconds === undefined ? undefined : seconds * 1000,
    remoteDir: text(value.remote_dir),
    env: textMap(value.env),
    verify: withoutUndefined({ command: text(verify.command), path: text(verify.path) }),
    ssh: withoutUndefined({
      user: text(ssh.user),
      host: text(ssh.host),
      port: integer(ssh.port, 1, 65535),
      identity: identity === undefined || isBelowHome(identity) ? identity : resolve(folder, identity),
      options: texts(ssh.options),
    }),
    steps: readSteps(value.steps, folder),
  };
  return withoutUndefined(known);
}

type Known<Table> = { [Key in keyof Table as undefined extends Table[Key] ? never : Key]: Table[Key] } & {
  [Key in keyof Table as undefined extends Table[Key] ? Key : never]?: Exclude<Table[Key], undefined>;
};

function withoutUndefined<Table extends object>(table: Table): Known<Table> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined)) as Known<Table>;
}

function checkRemoteDir(folder: string | undefined, findings: Findings): void {
  const why = folder === undefined ? undefined : explainRemoteDir(folder);
  if (why === undefined) return;
  findings.report({
    severity: 'error',
    code: 'config/remote-dir',
    message: `${why}.`,
    help: 'Write the path of a separate folder, such as "/tmp/castra-bootstrap".',
    path: ['remote_dir'],
  });
}

function checkNames(env: unknown, path: TomlPath, findings: Findings): void {
  for (const name of Object.keys(asTable(env) ?? {}).filter((each) => !ENV_NAME.test(each))) {
    findings.report({
      severity: 'error',
      code: 'config/env-name',
      message: `"${name}" is not the name of an environment variable.`,
      help: 'Use letters, digits and "_", and do not start with a digit.',
      path: [...path, name],
      part: 'key',
    });
  }
}

/** A key that is there and wrong has its own finding. */
function checkVerify({ verify }: Fields, findings: Findings): void {
  const table = asTable(verify);
  if (table === undefined || findings.isMentioned(['verify', 'command']) || findings.isMentioned(['verify', 'path'])) {
    return;
  }
  findings.report({
    severity: 'warning',
    code: 'config/nothing-verified',
    message: '`verify` has neither `command` nor `path`: nothing is checked.',
    help: 'Add one of them, or remove the table.',
    path: ['verify'],
    part: 'key',
  });
}
