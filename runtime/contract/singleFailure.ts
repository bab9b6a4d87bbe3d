import type { Diagnostic } from './diagnostics.ts';
import type { BootstrapPhase, ChangingCommand } from './vocabulary.ts';

/** Every way an operation can fail by itself; failures.ts adds those that sum up several VMs. */
export type SingleFailure =
  | { readonly kind: 'usage'; readonly detail: string }
  | { readonly kind: 'config-not-found'; readonly searchedFrom: string }
  | { readonly kind: 'config-missing'; readonly path: string }
  | { readonly kind: 'config-unreadable'; readonly path: string; readonly detail: string }
  | { readonly kind: 'config-invalid'; readonly path: string; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'unknown-vm'; readonly names: readonly string[]; readonly known: readonly string[] }
  | { readonly kind: 'already-initialized'; readonly path: string }
  | { readonly kind: 'write-failed'; readonly path: string; readonly detail: string }
  | { readonly kind: 'state-root-unusable'; readonly path: string; readonly detail: string }
  /** The folder is not a state root that this user's Castra made for this castra.toml. Nothing in it was touched. */
  | {
      readonly kind: 'state-root-foreign';
      readonly path: string;
      readonly found: RootFinding;
      readonly detail: string;
    }
  /** The folder of castra.toml was renamed or moved, and VMs that were started from its old path still run. */
  | {
      readonly kind: 'project-moved';
      readonly from: string;
      readonly vms: readonly string[];
      /** The id of the old project, for `--project`. */
      readonly project: string;
    }
  | { readonly kind: 'busy'; readonly command: ChangingCommand; readonly pid?: number; readonly startedAt?: string }
  | { readonly kind: 'preflight-failed'; readonly problems: readonly Diagnostic[] }
  /** An image could not be had; `detail` says what to do. `url` when it was to be downloaded. */
  | { readonly kind: 'image-failed'; readonly url?: string; readonly path?: string; readonly detail: string }
  | { readonly kind: 'overlay-failed'; readonly vm: string; readonly detail: string }
  | { readonly kind: 'seed-failed'; readonly vm: string; readonly detail: string }
  /** A key that was made once and that guests may know is damaged. */
  | { readonly kind: 'key-unusable'; readonly path: string; readonly detail: string }
  | {
      readonly kind: 'launch-failed';
      readonly vm: string;
      readonly detail: string;
      readonly qemuOutput: readonly string[];
      readonly serialTail: readonly string[];
      readonly logPath: string;
    }
  | {
      readonly kind: 'not-ready';
      readonly vm: string;
      readonly detail: string;
      readonly serialTail: readonly string[];
      readonly logPath: string;
    }
  /** It was not started, because VMs that it needs did not get ready. */
  | { readonly kind: 'dependency-failed'; readonly vm: string; readonly needs: readonly string[] }
  /** The VM would have to run for this. */
  | { readonly kind: 'not-running'; readonly vm: string; readonly detail: string }
  /** QEMU runs, but the guest stands still and cannot continue as it is. `detail` is the rest of a sentence, then what to do. */
  | { readonly kind: 'not-working'; readonly vm: string; readonly detail: string }
  /** A serial console serves one at a time. */
  /** The broker cannot be started, or not be spoken to. */
  | { readonly kind: 'broker-failed'; readonly detail: string }
  /** What was asked of the bus did not come about. */
  | { readonly kind: 'bus-failed'; readonly detail: string }
  | { readonly kind: 'console-busy'; readonly vm: string }
  | { readonly kind: 'ssh-failed'; readonly vm: string; readonly detail: string }
  /** The server that answered does not have the host key that Castra created. */
  | { readonly kind: 'host-key-mismatch'; readonly vm: string; readonly detail: string }
  /** The bootstrap of one VM, which runs on. */
  | {
      readonly kind: 'bootstrap-failed';
      readonly vm: string;
      readonly step: BootstrapPhase;
      /** Which step of bootstrap.toml. */
      readonly name?: string;
      /** The rest of a sentence. */
      readonly detail: string;
      /** What to do: sentences. */
      readonly hint: string;
      /** The last lines that the script printed. */
      readonly output: readonly string[];
      readonly logPath?: string;
    }
  /** Nothing was started: the bootstraps that were asked for contradict each other or the project. */
  | { readonly kind: 'bootstrap-refused'; readonly detail: string }
  /** A command in a guest took longer than it was given, and was ended. */
  | { readonly kind: 'command-timed-out'; readonly vm: string; readonly timeoutMs: number }
  | { readonly kind: 'not-rebooted'; readonly vm: string; readonly detail: string }
  | { readonly kind: 'copy-failed'; readonly vm: string; readonly detail: string }
  | { readonly kind: 'export-failed'; readonly vm: string; readonly detail: string }
  | {
      readonly kind: 'unknown-project';
      readonly id: string;
      readonly known: readonly string[];
      /** More than one, when `id` may mean several. */
      readonly matching?: readonly string[];
    }
  | { readonly kind: 'clean-refused'; readonly path: string; readonly detail: string }
  | { readonly kind: 'shutdown-failed'; readonly vm: string; readonly detail: string }
  | { readonly kind: 'cancelled' }
  /** This process or this host has no file descriptor to spare. */
  | { readonly kind: 'too-many-files'; readonly detail: string }
  | { readonly kind: 'internal'; readonly detail: string };

/** Why a folder does not count as the state root of a project. Only the first two can be adopted. */
export type RootFinding =
  /** It has no id that Castra's home knows. */
  | 'unknown'
  /** Its id belongs to another folder: it was copied. */
  | 'copy'
  | 'other-project'
  | 'link'
  | 'not-a-folder'
  | 'other-user'
  /** A default one that other users can write to. */
  | 'writable'
  | 'unreadable'
  /** One of its folders is a link or something else that Castra never makes. */
  | 'damaged';
