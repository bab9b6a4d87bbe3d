import type { Diagnostic } from '../contract/diagnostics.ts';
import type { Suppression } from './findings/suppressions.ts';
import type { ProjectConfig, ProjectPlace } from './project.ts';
import type { DocumentSyntax } from './readDocument.ts';
import type { InterpretedRoles } from './vms/interpretRoles.ts';
import type { PlacedVm } from './vms/placedVm.ts';

export interface ConfigAnalysis {
  readonly place: ProjectPlace;
  readonly syntax: DocumentSyntax;
  /** The project as far as it can be understood; `project` is the same once nothing is wrong. */
  readonly draft: ProjectConfig;
  /** The VMs of the draft, and where in the text they come from. */
  readonly placed: readonly PlacedVm[];
  /** What each table comes to by itself. */
  readonly roles: InterpretedRoles;
  /** Undefined when a diagnostic is an error. */
  readonly project?: ProjectConfig;
  /** What comments hide: for findings that are made besides these. */
  readonly suppressions: readonly Suppression[];
  /** Everything that was found and is not hidden, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}
