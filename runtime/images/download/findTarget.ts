import type { ProxySettings } from '../../contract/project.ts';
import { DOWNLOAD_TIMINGS } from './timings.ts';

export interface TargetOptions {
  readonly proxy: ProxySettings | undefined;
  readonly signal: AbortSignal;
  readonly patienceMs: number;
}

/**
 * Where a URL leads when it redirects to another file; undefined when it does not, or when that cannot be found out: the
 * download itself then says why. Asks for one byte, because signed URLs often refuse HEAD.
 */
export async function findTarget(url: string, options: TargetOptions): Promise<string | undefined> {
  const { proxy, signal, patienceMs } = options;
  const { openConnection } = await import('./http.ts');
  const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const connection = openConnection(url, { ...DOWNLOAD_TIMINGS, proxy, allowDowngrade: false, signal: patience });
  try {
    const response = await connection.get({ range: 'bytes=0-0' });
    const isThere = response.status === 200 || response.status === 206;
    return isThere && pathOf(response.url) !== pathOf(url) ? response.url : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    await connection.close();
  }
}

function pathOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
