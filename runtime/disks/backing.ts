import { run } from '../process/spawn.ts';
import { object, optional, text } from '../state/decode.ts';

/** `-U`: a running QEMU has it locked. Empty when it stands on nothing, undefined when it cannot be read. */
export async function readBacking(qemuImg: string, path: string, signal: AbortSignal): Promise<string | undefined> {
  const result = await run(qemuImg, ['info', '-U', '-f', 'qcow2', '--output=json', path], { signal });
  if (result.code !== 0) return undefined;
  const info: unknown = JSON.parse(result.stdout);
  return isInfo(info) ? (info['full-backing-filename'] ?? info['backing-filename'] ?? '') : undefined;
}

interface Info {
  readonly 'full-backing-filename'?: string;
  readonly 'backing-filename'?: string;
}

const isInfo = object<Info>({ 'full-backing-filename': optional(text), 'backing-filename': optional(text) });
