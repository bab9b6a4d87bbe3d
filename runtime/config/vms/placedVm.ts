import type { PathReference } from '../findings/pathReference.ts';
import type { VmDefinition } from '../project.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import type { Replica } from './replicas.ts';

/** A VM, and where in the file its parts come from: for findings that compare VMs. */
export interface PlacedVm {
  readonly vm: VmDefinition;
  readonly path: TomlPath;
  readonly overlayPath: TomlPath;
  readonly forwardPaths: readonly TomlPath[];
  /** What it needs of the host's files. */
  readonly files: readonly PathReference[];
  /** The tables that it was read from. */
  readonly replica: Replica;
}
