import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyzeConfig, type ConfigAnalysis } from '../runtime/config/analyze.ts';
import { type PositionEncoding, type PositionMap, positionMap } from './positions.ts';

/** One text of a castra.toml, understood. Made once per version; every feature reads from it. */
export interface Analysis extends ConfigAnalysis {
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

export function analyzeText(
  source: { readonly uri: string; readonly version: number; readonly text: string },
  { encoding, home }: AnalysisContext,
): Analysis {
  const config = analyzeConfig({ text: source.text, path: pathOf(source.uri), home });
  return { ...config, ...source, positions: positionMap(source.text, config.syntax.index, encoding) };
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
