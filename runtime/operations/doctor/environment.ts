import type { DoctorFinding } from '../../contract/doctor.ts';
import { type Check, fine, problem } from './finding.ts';

/** Those that process/environment.ts and the CLI read. */
const settings: readonly string[] = [
  'CASTRA_HOME',
  'CASTRA_QEMU',
  'CASTRA_ACCELERATOR',
  'CASTRA_ALPINE_MIRROR',
  'CASTRA_CODE_CACHE',
  'CASTRA_DEBUG',
];

/** What the environment decides, without passwords. A misspelled variable silently has no effect, so it is reported. */
export const checkEnvironment: Check = ({ variables }) =>
  Object.entries(variables)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => judgeVariable(name, value));

function judgeVariable(name: string, value: string): DoctorFinding {
  if (!name.startsWith('CASTRA_')) {
    return fine('environment.proxy', `${name}=${redact(value)} is used for downloads`, { name, value: redact(value) });
  }
  if (settings.includes(name)) {
    return fine('environment.castra', `${name}=${redact(value)} is in force`, { name, value: redact(value) });
  }
  // Its value may be anything, also a secret.
  const message = `${name} is set, but Castra does not know this setting.`;
  return problem('info', 'environment.castra', message, `Unset it, or correct it to one of ${settings.join(', ')}.`, {
    name,
  });
}

/** Everything before the last @, for a password may have one. A proxy need not have a scheme. */
export function redact(value: string): string {
  return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, '$1***@');
}
