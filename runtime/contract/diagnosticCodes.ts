import type { Severity } from './vocabulary.ts';

export interface CodeFacts {
  /** The severities that a finding of this code can have. Errors cannot be ignored: the command would fail all the same. */
  readonly severity: Severity | 'error or warning';
  /**
   * What has to be looked at to find it: the text of one file, other files, this host, or the image cache. Whether a
   * comment about a code that is not found in the text is useless cannot be said from the text.
   */
  readonly found: 'text' | 'files' | 'host' | 'images';
  /** How an editor shows what it is about: faded, or struck through. */
  readonly tag?: 'unnecessary' | 'deprecated';
  /** It may only say that something is still being typed: an editor shows it once that was left. */
  readonly unfinished?: Unfinished;
}

/** The line that a finding is on, the value that begins there, or the table that it is in. */
export type Unfinished = 'line' | 'value' | 'table';

const inText = { severity: 'error', found: 'text' } as const;
const warningInText = { severity: 'warning', found: 'text' } as const;
const line = { unfinished: 'line' } as const;
const unfinished = { ...inText, ...line };
const onHost = { severity: 'error', found: 'host' } as const;
const eitherOnHost = { severity: 'error or warning', found: 'host' } as const;

/** Every code that a diagnostic can have. docs/diagnostics.md explains each; a test holds it to this table. */
export const diagnosticCodes = {
  'toml/bare-key': inText,
  'toml/colon': inText,
  'toml/control-character': inText,
  'toml/duplicate-key': unfinished,
  'toml/expected-newline': unfinished,
  'toml/integer-range': inText,
  'toml/invalid': unfinished,
  'toml/invalid-date': unfinished,
  'toml/invalid-escape': unfinished,
  'toml/invalid-number': unfinished,
  'toml/invalid-value': unfinished,
  'toml/missing-comma': unfinished,
  'toml/missing-equals': unfinished,
  'toml/missing-key': unfinished,
  'toml/missing-value': unfinished,
  'toml/multiline-key': inText,
  'toml/not-a-table': unfinished,
  'toml/redefined-table': unfinished,
  'toml/too-deep': inText,
  'toml/unclosed-array': { ...inText, unfinished: 'value' },
  'toml/unclosed-header': unfinished,
  'toml/unclosed-inline-table': { ...inText, unfinished: 'value' },
  'toml/unexpected': unfinished,
  'toml/unterminated-string': { ...inText, unfinished: 'value' },
  'config/ambiguous-name': { ...warningInText, ...line },
  'config/broker-port': unfinished,
  'config/digest-without-url': { ...inText, unfinished: 'table' },
  'config/duplicate-guest-port': { ...warningInText, ...line },
  'config/duplicate-host-port': unfinished,
  'config/duplicate-instance': unfinished,
  'config/duplicate-overlay': unfinished,
  'config/duplicate-step': unfinished,
  'config/duplicate-vm-name': unfinished,
  'config/empty-step': { ...inText, unfinished: 'table' },
  'config/env-name': unfinished,
  'config/gone': { severity: 'error', found: 'files' },
  'config/host-port-range': inText,
  'config/http-without-digest': { ...inText, unfinished: 'table' },
  'config/image-url': unfinished,
  'config/instance-id': unfinished,
  'config/invalid-memory': unfinished,
  'config/invalid-regex': unfinished,
  'config/invalid-size': unfinished,
  'config/invalid-value': unfinished,
  'config/invalid-vm-name': unfinished,
  'config/managed-image': { ...inText, tag: 'deprecated', ...line },
  'config/missing-file': { severity: 'warning', found: 'files', ...line },
  'config/missing-key': { ...inText, unfinished: 'table' },
  'config/needs-cycle': unfinished,
  'config/needs-itself': unfinished,
  'config/nothing-verified': { ...warningInText, unfinished: 'table' },
  'config/out-of-range': inText,
  'config/overlay-is-base-image': unfinished,
  'config/overlay-is-config': unfinished,
  'config/overlay-outside-project': unfinished,
  'config/qemu-args-conflict': unfinished,
  'config/qemu-args-key': { ...warningInText, ...line },
  'config/remote-dir': unfinished,
  'config/replicas-need-0.2': inText,
  'config/two-digests': inText,
  'config/unknown-bootstrap-folder': { severity: 'info', found: 'files', ...line },
  'config/unknown-identity': { severity: 'warning', found: 'files', ...line },
  'config/unknown-key': { ...warningInText, tag: 'unnecessary', ...line },
  'config/unknown-need': unfinished,
  'config/useless-ignore': { ...warningInText, tag: 'unnecessary', ...line },
  'config/version-newer': { ...warningInText, ...line },
  'config/version-unsupported': unfinished,
  'config/wrong-type': inText,
  'host/accelerator': { severity: 'info', found: 'host' },
  'host/base-image': { ...onHost, ...line },
  'host/bootstrap': { ...onHost, ...line },
  'host/cpus': eitherOnHost,
  'host/disk': { ...eitherOnHost, ...line },
  'host/memory': { ...eitherOnHost, ...line },
  'host/port-taken': { ...eitherOnHost, ...line },
  'host/qemu-img-missing': onHost,
  'host/qemu-missing': eitherOnHost,
  'host/state-root': onHost,
  'host/uefi-missing': onHost,
  'host/user-data': { ...onHost, ...line },
  'host/windows': onHost,
  'image/unpinned': { severity: 'warning', found: 'images' },
} as const satisfies Readonly<Record<string, CodeFacts>>;

export type DiagnosticCode = keyof typeof diagnosticCodes;

export function factsOf(code: DiagnosticCode): CodeFacts {
  return diagnosticCodes[code];
}

/** For codes that a person or another program wrote. */
export function isDiagnosticCode(text: string): text is DiagnosticCode {
  return Object.hasOwn(diagnosticCodes, text);
}

export function canBeIgnored(code: DiagnosticCode): boolean {
  return factsOf(code).severity !== 'error' && code !== 'config/useless-ignore';
}
