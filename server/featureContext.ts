import type { ClientCapabilities, Connection, ServerCapabilities } from 'vscode-languageserver';
import type { HostKnowledge } from './diagnostics/hostFacts.ts';
import type { Analysis } from './documents/analysis.ts';
import type { Documents } from './documents/documents.ts';
import type { FileChecks } from './documents/fileChecks.ts';
import type { Projects } from './documents/projects.ts';
import type { Workspace } from './documents/workspace.ts';
import type { Guard } from './guard.ts';

export interface FeatureContext {
  readonly connection: Connection;
  readonly documents: Documents;
  readonly guard: Guard;
  readonly capabilities: ClientCapabilities;
  /** What the client said besides. */
  readonly options: InitializationOptions;
  readonly workspace: Workspace;
  readonly files: FileChecks;
  readonly projects: Projects;
  readonly host: HostKnowledge;
  /** Understands a text that is not open in the editor. */
  analyze(uri: string, text: string): Analysis;
  /** URI of docs/diagnostics.md. */
  readonly docs: string;
}

/** What a client may say when it starts the server. */
export interface InitializationOptions {
  /** Castra's home; without it, the one in the user's. */
  readonly home?: string;
  /** A command of the client that shows completion again, such as VS Code's `editor.action.triggerSuggest`. */
  readonly retrigger?: string;
  /** Whether the client fills the lenses above VMs with what it knows of them. */
  readonly codeLens?: boolean;
}

/** Registers its handlers and returns the capabilities for the client. */
export type Feature = (context: FeatureContext) => ServerCapabilities;
