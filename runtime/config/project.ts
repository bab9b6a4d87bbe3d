import type { BrokerConfig } from '../contract/broker.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import type {
  AcceleratorChoice,
  Digest,
  LogLimits,
  PortForward,
  ReadySignal,
  ShutdownWaits,
} from '../contract/vocabulary.ts';

export type BaseImage =
  | { readonly kind: 'default-alpine' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string; readonly digest?: Digest };

/** What the user adds for the guest's cloud-init. */
export type UserData =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'inline'; readonly text: string };

export type BootstrapMode = 'skip' | 'auto' | 'always';

/** What a VM's bootstrap will run: the project's defaults and the role's own values, merged. */
export interface BootstrapSettings {
  readonly mode: BootstrapMode;
  readonly handshakeTimeoutMs: number;
  readonly remoteDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of a script, instead of the file. */
  readonly run?: string;
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
  /** Of the disk as the guest sees it; undefined: the base image's own. */
  readonly overlaySizeMiB?: number;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly forwards: readonly PortForward[];
  readonly accelerator: AcceleratorChoice;
  /** Undefined: what the architecture boots with. */
  readonly firmware?: 'bios' | 'uefi';
  readonly sshUser: string;
  readonly userData?: UserData;
  readonly ready: ReadySignal;
  readonly readyTimeoutMs: number;
  readonly qemuArgs: readonly string[];
  readonly bootstrap: BootstrapSettings;
  /** Names of the VMs that must be ready, and bootstrapped, before this one starts. */
  readonly needs: readonly string[];
}

/** Where a project keeps its things; known even while its file is broken, so that `down` can still find its VMs. */
export interface ProjectPlace {
  readonly name: string;
  readonly configPath: string;
  readonly stateRoot: string;
}

export interface ProjectConfig extends ProjectPlace {
  readonly version: string;
  readonly broker: BrokerConfig;
  readonly lifecycle: ShutdownWaits;
  /** Asked for the default image before Alpine's own server, in order. */
  readonly mirrors: readonly string[];
  /** The largest disk that Castra takes as a base image, as a guest sees it. */
  readonly maxImageBytes: number;
  readonly logs: LogLimits;
  /** How many VMs are bootstrapped at a time. */
  readonly bootstrapParallel: number;
  readonly vms: readonly VmDefinition[];
  /** `[workflows] init`: for people, never run. */
  readonly initWorkflow: readonly string[];
}

/** A finding about this host, and what of the file asks for too much of it. */
export type HostProblem = Diagnostic & { readonly about?: Subject };

/** A key of a VM, which need not be written, or one of its forwards. */
export type Subject =
  | { readonly vm: string; readonly key: 'cpus' | 'memory' | 'firmware' | 'base_image' | 'user_data' }
  | { readonly vm: string; readonly forward: PortForward };
