import { dirname, resolve } from 'node:path';
import type { Diagnostic } from '../contract/diagnostics.ts';
import { asTable, type Fields, integer, text, textMap, texts } from './fields.ts';
import type { Findings } from './findings/findings.ts';
import { applySuppressions, readSuppressions, type Suppression } from './findings/suppressions.ts';
import { type DocumentSyntax, readDocument } from './readDocument.ts';
import { bootstrapShape } from './schema.ts';

/** What a bootstrap.toml says; what it leaves out comes from castra.toml. */
export interface BootstrapFile {
  readonly handshakeIdentity?: string;
  readonly handshakeTimeoutMs?: number;
  readonly remoteDir?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly verify: { readonly command?: string; readonly path?: string };
  readonly ssh: BootstrapSsh;
}

export interface BootstrapSsh {
  readonly user?: string;
  readonly host?: string;
  readonly port?: number;
  /** Absolute. */
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
  checkNames(Object.keys(asTable(value.env) ?? {}), findings);
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
      identity: identity === undefined ? undefined : resolve(folder, identity),
      options: texts(ssh.options),
    }),
  };
  return withoutUndefined(known);
}

type Known<Table> = { [Key in keyof Table as undefined extends Table[Key] ? never : Key]: Table[Key] } & {
  [Key in keyof Table as undefined extends Table[Key] ? Key : never]?: Exclude<Table[Key], undefined>;
};

function withoutUndefined<Table extends object>(table: Table): Known<Table> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined)) as Known<Table>;
}

/** Folders of the guest's own, and homes. */
const NEEDED =
  /^(?:|bin|boot|dev|etc|home(?:\/[^/]+)?|lib\w*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr(?:\/\w+)?|var(?:\/\w+)?)$/;

/** What the folder holds is deleted before the script comes, and guests are Unix. */
function checkRemoteDir(folder: string | undefined, findings: Findings): void {
  if (folder === undefined) return;
  const parts = folder.split('/').filter((part) => part !== '' && part !== '.');
  const isAbsolute = folder.startsWith('/') && !parts.includes('..') && !folder.includes('\0');
  if (isAbsolute && !NEEDED.test(parts.join('/'))) return;
  findings.report({
    severity: 'error',
    code: 'config/remote-dir',
    message: isAbsolute
      ? `The guest needs "${folder}", but Castra deletes the content of a bootstrap folder first.`
      : `"${folder}" is not an absolute path in the guest without "..".`,
    help: 'Write the path of a separate folder, such as "/tmp/castra-bootstrap".',
    path: ['remote_dir'],
  });
}

function checkNames(names: readonly string[], findings: Findings): void {
  for (const name of names.filter((each) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(each))) {
    findings.report({
      severity: 'error',
      code: 'config/env-name',
      message: `"${name}" is not the name of an environment variable.`,
      help: 'Use letters, digits and "_", and do not start with a digit.',
      path: ['env', name],
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
