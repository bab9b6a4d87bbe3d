import type { ProjectOptions } from './project.ts';
import type { SingleFailure } from './singleFailure.ts';

export interface ConsoleOptions extends ProjectOptions {
  /** A VM, or a role that has only one; may be left out where one VM runs. */
  readonly vm?: string;
}

export interface SshConfigOptions extends ProjectOptions {
  /** VM or role names to show; empty means all. The file has all that run in any case. */
  readonly vms?: readonly string[];
}

/** Works on this process's standard streams: it is for programs with a terminal. */
export interface SshOptions extends ProjectOptions {
  /** A VM, or a role of which one VM runs; may be left out where one VM runs. */
  readonly vm?: string;
  /** One word is a line of shell; of several, each reaches the program as it is. None: a login shell. */
  readonly command?: readonly string[];
}

export interface ExecOptions extends ProjectOptions {
  /** VMs or roles; empty means all that run. */
  readonly vms?: readonly string[];
  readonly command: readonly string[];
  /** What the command reads from standard input in each VM; nothing by default. */
  readonly input?: string | Uint8Array;
  /** Of each command, from its start: one that takes longer is ended, and fails with `command-timed-out`. */
  readonly timeoutMs?: number;
  /** Puts the output into the results, byte for byte, instead of reporting it; of each stream, only the first bytes. */
  readonly capture?: { readonly maxBytes: number };
  /** Awaited after each piece of output, so that a slow reader slows the commands down instead of filling memory. */
  readonly drained?: () => Promise<void>;
}

export interface CopyOptions extends ProjectOptions {
  /** Paths here, or `vm:path`; all on the same side. Relative ones start from `from`, or from the guest's home folder. */
  readonly sources: readonly string[];
  readonly destination: string;
  /** Absolute: what relative paths of this host start from. */
  readonly from: string;
}

export interface SshConfigOutcome {
  /** To be named in an Include; written only when the project has run. */
  readonly path: string;
  readonly text: string;
  /** The VMs that run, with the host names to give to ssh. */
  readonly hosts: readonly { readonly vm: string; readonly host: string; readonly port: number }[];
}

export interface SshOutcome {
  readonly vm: string;
  /** Of the remote command; 255 when ssh failed, 128 and the number of a signal that ended it. */
  readonly exitCode: number;
}

/** What a command printed, with `capture`. */
export interface CapturedOutput {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** A stream had more than `maxBytes`. */
  readonly truncated: boolean;
}

export type VmExecResult =
  | {
      readonly vm: string;
      /** Of the command; 128 and the number of the signal that ended it. */
      readonly exitCode: number;
      /** What ended the command, such as `SIGKILL`, when it did not exit by itself. */
      readonly signal?: string;
      readonly output?: CapturedOutput;
    }
  /** The VM could not be reached, or not until the command's end; `output` is what had come by then. */
  | { readonly vm: string; readonly failure: SingleFailure; readonly output?: CapturedOutput };

export interface ExecOutcome {
  readonly vms: readonly VmExecResult[];
}

export interface CopyOutcome {
  readonly vm: string;
  readonly direction: 'to-vm' | 'from-vm';
  readonly files: number;
  readonly bytes: number;
}

export type ExecEvent =
  /** Whole lines, or the last piece of a stream; at most 128 KiB at a time. */
  {
    readonly type: 'exec.output';
    readonly vm: string;
    readonly stream: 'stdout' | 'stderr';
    readonly text: string;
  };
