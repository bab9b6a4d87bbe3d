import { basename, dirname } from 'node:path';
import { hashFile } from '../../images/store.ts';
import { imageFiles } from '../../state/layout.ts';

/** SHA-256 of a base image. In the cache, images are named after it. */
export async function baseHash(path: string, home: string, signal: AbortSignal): Promise<string> {
  const named = /^([0-9a-f]{64})\.qcow2$/.exec(basename(path))?.[1];
  if (named !== undefined && dirname(path) === imageFiles(home).folder) return named;
  return (await hashFile(path, signal)).sha256;
}
