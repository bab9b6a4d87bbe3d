import { run } from '../process/spawn.ts';

/** `-U`: a running QEMU has it locked. Empty when it stands on nothing, undefined when it cannot be read. */
export async function readBacking(qemuImg: string, path: string, signal: AbortSignal): Promise<string | undefined> {
  const result = await run(qemuImg, ['info', '-U', '-f', 'qcow2', '--output=json', path], { signal });
  if (result.code !== 0) return undefined;
  const info = JSON.parse(result.stdout) as Readonly<Record<string, unknown>>;
  const backing = info['full-backing-filename'] ?? info['backing-filename'];
  return typeof backing === 'string' ? backing : '';
}
