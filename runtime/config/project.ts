import type { AcceleratorChoice, ShutdownWaits } from '../options.ts';
import type { ReadySignal } from '../state/record.ts';

/** A forward as declared: `host` 0 asks for any free port at `up`. */
export interface PortForward {
  readonly bind: string;
  readonly host: number;
  readonly guest: number;
  readonly protocol: 'tcp' | 'udp';
}

export type BaseImage = { readonly kind: 'default-alpine' } | { readonly kind: 'file'; readonly path: string };

export type BootstrapMode = 'skip' | 'auto' | 'always';

/** What a VM's bootstrap will run: the project's defaults and the role's own values, merged. */
export interface BootstrapSettings {
  readonly mode: BootstrapMode;
  readonly handshakeTimeoutMs: number;
  readonly remoteDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly script: string;
  readonly payload: string;
  readonly verifyCommand?: string;
  readonly verifyPath?: string;
}

/** One VM, after replicas are expanded and every default and path is filled in. Paths are absolute. */
export interface VmDefinition {
  readonly name: string;
  readonly role: string;
  /** Which replica of its role, from 0. */
  readonly index: number;
  readonly description?: string;
  readonly image: BaseImage;
  readonly overlayPath: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly forwards: readonly PortForward[];
  readonly accelerator: AcceleratorChoice;
  /** Undefined: what the architecture boots with. */
  readonly firmware?: 'bios' | 'uefi';
  readonly sshUser: string;
  readonly ready: ReadySignal;
  readonly readyTimeoutMs: number;
  readonly qemuArgs: readonly string[];
  readonly bootstrap: BootstrapSettings;
}

/** Where a project keeps its things; known even while its file is broken, so that `down` can still find its VMs. */
export interface ProjectPlace {
  readonly name: string;
  readonly configPath: string;
  readonly stateRoot: string;
}

export interface ProjectConfig extends ProjectPlace {
  readonly version: string;
  readonly brokerPort: number;
  readonly lifecycle: ShutdownWaits;
  readonly vms: readonly VmDefinition[];
  /** `[workflows] init`: for people, never run. */
  readonly initWorkflow: readonly string[];
}
