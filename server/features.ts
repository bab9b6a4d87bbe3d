import type { ClientCapabilities, Connection, ServerCapabilities } from 'vscode-languageserver';
import type { Documents } from './documents.ts';
import { serveFormatting } from './features/formatting.ts';
import type { Guard } from './guard.ts';

export interface FeatureContext {
  readonly connection: Connection;
  readonly documents: Documents;
  readonly guard: Guard;
  readonly capabilities: ClientCapabilities;
  /** URI of docs/diagnostics.md. */
  readonly docs: string;
}

/** Registers its handlers and tells the client what it can ask for. */
export type Feature = (context: FeatureContext) => ServerCapabilities;

/** One file each in features/. */
export const features: readonly Feature[] = [serveFormatting];
