import type { ClientCapabilities, Connection, ServerCapabilities } from 'vscode-languageserver';
import type { Documents } from './documents.ts';
import { serveCodeActions } from './features/codeActions.ts';
import { serveCompletion } from './features/completion.ts';
import { serveHover } from './features/hover.ts';
import type { Guard } from './guard.ts';

export interface FeatureContext {
  readonly connection: Connection;
  readonly documents: Documents;
  readonly guard: Guard;
  readonly capabilities: ClientCapabilities;
  /** What the client said besides. */
  readonly options: InitializationOptions;
  /** URI of docs/diagnostics.md. */
  readonly docs: string;
}

/** What a client may say when it starts the server. */
export interface InitializationOptions {
  /** Castra's home; without it, the one in the user's. */
  readonly home?: string;
  /** A command of the client that shows completion again, such as VS Code's `editor.action.triggerSuggest`. */
  readonly retrigger?: string;
}

/** Registers its handlers and tells the client what it can ask for. */
export type Feature = (context: FeatureContext) => ServerCapabilities;

/** One file each in features/. */
export const features: readonly Feature[] = [serveCodeActions, serveCompletion, serveHover];
