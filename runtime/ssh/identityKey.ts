import { readFileSync } from 'node:fs';

/** Whether a private key can only be read with a passphrase. A file that is none is left to the login to report. */
export async function needsPassphrase(identity: string): Promise<boolean> {
  const { utils } = (await import('ssh2')).default;
  try {
    const parsed = utils.parseKey(readFileSync(identity));
    return parsed instanceof Error && /passphrase/i.test(parsed.message);
  } catch {
    return false;
  }
}
