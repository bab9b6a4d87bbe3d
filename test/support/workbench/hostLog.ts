import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Workbench } from '../workbench.ts';

/**
 * What the extension host logged. It has every rejection that was not handled within a second, and every error that was
 * thrown into an event (extHostExtensionService.ts, extensionHostProcess.ts).
 */
export function hostLog({ workspace }: Workbench): string {
  const logs = join(dirname(workspace), 'd', 'logs');
  return readdirSync(logs, { recursive: true, encoding: 'utf8' })
    .filter((name) => /exthost\d*\/[^/]*exthost\.log$/.test(name))
    .map((name) => readFileSync(join(logs, name), 'utf8'))
    .join('\n');
}
