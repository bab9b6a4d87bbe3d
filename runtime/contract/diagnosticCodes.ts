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
}

const inText = { severity: 'error', found: 'text' } as const;
const warningInText = { severity: 'warning', found: 'text' } as const;
const onHost = { severity: 'error', found: 'host' } as const;
const eitherOnHost = { severity: 'error or warning', found: 'host' } as const;

/** Every code that a diagnostic can have. docs/diagnostics.md explains each; a test holds it to this table. */
export const diagnosticCodes = {
  'toml/bare-key': inText,
  'toml/colon': inText,
  'toml/control-character': inText,
  'toml/duplicate-key': inText,
  'toml/expected-newline': inText,
  'toml/integer-range': inText,
  'toml/invalid': inText,
  'toml/invalid-date': inText,
  'toml/invalid-escape': inText,
  'toml/invalid-number': inText,
  'toml/invalid-value': inText,
  'toml/missing-comma': inText,
  'toml/missing-equals': inText,
  'toml/missing-key': inText,
  'toml/missing-value': inText,
  'toml/multiline-key': inText,
  'toml/not-a-table': inText,
  'toml/redefined-table': inText,
  'toml/too-deep': inText,
  'toml/unclosed-array': inText,
  'toml/unclosed-header': inText,
  'toml/unclosed-inline-table': inText,
  'toml/unexpected': inText,
  'toml/unterminated-string': inText,
  'config/ambiguous-name': warningInText,
  'config/broker-port': inText,
  'config/digest-without-url': inText,
  'config/duplicate-guest-port': warningInText,
  'config/duplicate-host-port': inText,
  'config/duplicate-instance': inText,
  'config/duplicate-overlay': inText,
  'config/duplicate-step': inText,
  'config/duplicate-vm-name': inText,
  'config/empty-step': inText,
  'config/env-name': inText,
  'config/gone': { severity: 'error', found: 'files' },
  'config/host-port-range': inText,
  'config/http-without-digest': inText,
  'config/image-url': inText,
  'config/instance-id': inText,
  'config/invalid-memory': inText,
  'config/invalid-regex': inText,
  'config/invalid-size': inText,
  'config/invalid-value': inText,
  'config/invalid-vm-name': inText,
  'config/managed-image': { ...inText, tag: 'deprecated' },
  'config/missing-file': { severity: 'warning', found: 'files' },
  'config/missing-key': inText,
  'config/needs-cycle': inText,
  'config/needs-itself': inText,
  'config/nothing-verified': warningInText,
  'config/out-of-range': inText,
  'config/overlay-is-base-image': inText,
  'config/overlay-is-config': inText,
  'config/overlay-outside-project': inText,
  'config/qemu-args-conflict': inText,
  'config/qemu-args-key': warningInText,
  'config/remote-dir': inText,
  'config/replicas-need-0.2': inText,
  'config/two-digests': inText,
  'config/unknown-bootstrap-folder': { severity: 'info', found: 'files' },
  'config/unknown-identity': { severity: 'warning', found: 'files' },
  'config/unknown-key': { ...warningInText, tag: 'unnecessary' },
  'config/unknown-need': inText,
  'config/useless-ignore': { ...warningInText, tag: 'unnecessary' },
  'config/version-newer': warningInText,
  'config/version-unsupported': inText,
  'config/wrong-type': inText,
  'host/accelerator': { severity: 'info', found: 'host' },
  'host/base-image': onHost,
  'host/bootstrap': onHost,
  'host/cpus': eitherOnHost,
  'host/disk': eitherOnHost,
  'host/memory': eitherOnHost,
  'host/port-taken': eitherOnHost,
  'host/qemu-img-missing': onHost,
  'host/qemu-missing': eitherOnHost,
  'host/state-root': onHost,
  'host/uefi-missing': onHost,
  'host/user-data': onHost,
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
