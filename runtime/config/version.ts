import type { Findings } from './findings/findings.ts';

/** 0.1 names each VM after its role; later ones have replicas and always number them. */
export type VersionClass = 'single' | 'replicas';

/** Which rules a file follows. An unknown version is read with the newest ones. */
export function classifyVersion(version: string | undefined, findings: Findings): VersionClass {
  if (version === undefined) return 'replicas';
  const [major, minor] =
    /^(\d{1,9})(?:\.(\d{1,9}))?(?:\.\d{1,9})?$/
      .exec(version)
      ?.slice(1)
      .map((part) => Number(part ?? 0)) ?? [];
  if (major === undefined || minor === undefined) {
    findings.report({
      severity: 'error',
      code: 'config/version-unsupported',
      message: `"${version}" is not a version.`,
      help: 'Write `version = "0.2.0"`.',
      path: ['version'],
    });
  } else if (major === 0 && minor === 0) {
    findings.report({
      severity: 'error',
      code: 'config/version-unsupported',
      message: `Version ${version} is not supported; the oldest is 0.1.0.`,
      help: 'Write `version = "0.2.0"`.',
      path: ['version'],
    });
  } else if (major > 0 || minor > 2) {
    findings.report({
      severity: 'warning',
      code: 'config/version-newer',
      message: `Version ${version} is newer than this Castra, which reads it as 0.2.`,
      help: 'Update Castra, or write `version = "0.2.0"`.',
      path: ['version'],
    });
  }
  return major === 0 && minor === 1 ? 'single' : 'replicas';
}
