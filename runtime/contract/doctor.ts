import type { Consent } from './consent.ts';
import type { ProjectOptions } from './project.ts';

export interface DoctorOptions extends ProjectOptions {
  /** The environment variables that decide something: CASTRA_* and those of proxies. Only for display; `settings` count. */
  readonly variables?: Readonly<Record<string, string>>;
}

interface DoctorFact {
  /** `<group>.<name>`, such as `qemu.system`; one check may have several findings. */
  readonly check: string;
  /** One sentence. */
  readonly message: string;
  /** What the check saw, for programs; fields differ by check and are only ever added. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** `info` explains, `warning` costs something, `error` keeps VMs from starting. All but `ok` say what to do. */
export type DoctorFinding =
  | (DoctorFact & { readonly status: 'ok' })
  | (DoctorFact & { readonly status: 'info' | 'warning' | 'error'; readonly fix: string });

export interface AdoptOptions extends ProjectOptions {
  /** Asked after the listing; without it nothing is adopted. */
  readonly consent?: Consent;
}

/** One name in a state root. */
export interface AdoptedEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'socket' | 'link' | 'other';
  /** 0 for what is not a file. */
  readonly bytes: number;
  /** Whether Castra creates files of this name. */
  readonly known: boolean;
}

export interface AdoptOutcome {
  readonly stateRoot: string;
  /** False when it was the project's own already, or there is nothing. */
  readonly adopted: boolean;
  readonly entries: readonly AdoptedEntry[];
  /** Where it was, when the project's folder was moved. */
  readonly from?: string;
}

export interface DoctorOutcome {
  readonly findings: readonly DoctorFinding[];
  readonly errors: number;
  readonly warnings: number;
}
