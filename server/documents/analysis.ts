import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyzeConfig, type ConfigSource } from '../../runtime/config/analyze.ts';
import { analyzeBootstrap, type BootstrapAnalysis } from '../../runtime/config/bootstrap/analyzeBootstrap.ts';
import { BOOTSTRAP_FILE } from '../../runtime/config/bootstrap/bootstrapProject.ts';
import type { ConfigAnalysis } from '../../runtime/config/configAnalysis.ts';
import { bootstrapSchema, castraSchema, type DocumentSchema } from '../../runtime/config/schemaAt.ts';
import { type PositionEncoding, type PositionMap, positionMap } from './positions.ts';

/** One text of a castra.toml or bootstrap.toml, understood. Made once per version; every feature reads from it. */
export interface Analysis extends ConfigAnalysis {
  /** Of a document of its kind. */
  readonly schema: DocumentSchema;
  /** Of a bootstrap.toml; its `draft` is that of an empty project, and it has no VMs. */
  readonly bootstrap?: BootstrapAnalysis;
  readonly uri: string;
  readonly version: number;
  readonly text: string;
  readonly positions: PositionMap;
}

export interface AnalysisContext {
  readonly encoding: PositionEncoding;
  /** Castra's home, which default state roots are below. */
  readonly home: string;
}

/** With an `earlier` analysis of the same document, what its text has in common with this one is not looked at again. */
export function analyzeText(
  source: { readonly uri: string; readonly version: number; readonly text: string },
  { encoding, home }: AnalysisContext,
  earlier?: Analysis,
): Analysis {
  const path = pathOf(source.uri);
  const understand = basename(path) === BOOTSTRAP_FILE ? understandBootstrap : understandCastra;
  const understood = understand({ text: source.text, path, home, ...(earlier ? { earlier } : {}) });
  return { ...understood, ...source, positions: positionMap(source.text, understood.syntax.index, encoding) };
}

type Understood = Pick<Analysis, keyof ConfigAnalysis | 'schema' | 'bootstrap'>;

function understandCastra(source: ConfigSource): Understood {
  return { ...analyzeConfig(source), schema: castraSchema };
}

function understandBootstrap({ text, path, home }: ConfigSource): Understood {
  const bootstrap = analyzeBootstrap({ text, path });
  const { syntax, diagnostics } = bootstrap;
  return { ...analyzeConfig({ text: '', path, home }), syntax, diagnostics, schema: bootstrapSchema, bootstrap };
}

/** Of an unsaved document, or one of another host, a path in the root: nothing is read from there. */
export function pathOf(uri: string): string {
  try {
    if (uri.startsWith('file:')) return fileURLToPath(uri);
  } catch {
    // No path of this system has such a URI.
  }
  return `/${basename(uri)}`;
}
