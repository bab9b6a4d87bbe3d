import { pathToFileURL } from 'node:url';
import { type Analysis, analyzeText } from '../../server/documents/analysis.ts';
import type { PositionEncoding } from '../../server/documents/positions.ts';

/** A text as the language server understands it; it need not be on the disk. */
export function analysisOf(
  text: string,
  path = '/srv/demo/castra.toml',
  encoding: PositionEncoding = 'utf-16',
): Analysis {
  return analyzeText({ uri: pathToFileURL(path).href, version: 1, text }, { encoding, home: '/srv/home/.castra' });
}
