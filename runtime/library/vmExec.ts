import { CastraError } from '../contract/failures.ts';
import type { ProjectOptions } from '../contract/project.ts';
import type { CapturedOutput, ExecOptions } from '../contract/ssh.ts';
import { exec } from '../operations/exec.ts';
import { later } from './call.ts';

export interface VmExecOptions extends Pick<ExecOptions, 'input' | 'timeoutMs'> {
  /** Of each stream; 1 MiB by default. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** How a command ended, whatever its exit code, and what it printed. */
export interface VmExecution extends CapturedOutput {
  readonly exitCode: number;
  readonly signal?: string;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;
const run = later(() => Promise.resolve(exec));

/** Fails when the VM could not be reached, or the command took too long. */
export async function execInVm(
  { config, settings }: ProjectOptions,
  { vm, command }: { readonly vm: string; readonly command: string | readonly string[] },
  { input, timeoutMs, maxBytes = DEFAULT_MAX_BYTES, signal }: VmExecOptions,
): Promise<VmExecution> {
  const wanted: ExecOptions = {
    config,
    settings,
    vms: [vm],
    command: typeof command === 'string' ? [command] : command,
    capture: { maxBytes },
    ...(input === undefined ? {} : { input }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  const { value } = await run(wanted, signal ? { signal } : {});
  const [result] = value.vms;
  if (result === undefined) throw new CastraError({ kind: 'unknown-vm', names: [vm], known: [] });
  if ('failure' in result) throw new CastraError(result.failure);
  const { exitCode, signal: by, output } = result;
  const captured = output ?? { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), truncated: false };
  return { exitCode, ...(by === undefined ? {} : { signal: by }), ...captured };
}
