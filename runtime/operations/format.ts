import { readFileSync, statSync } from 'node:fs';
import { applyEdits } from '../config/toml/format/edits.ts';
import { formatToml } from '../config/toml/format/format.ts';
import { DEFAULT_STYLE } from '../config/toml/format/style.ts';
import { parseToml } from '../config/toml/parser.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { FormatOptions, FormatOutcome } from '../contract/project.ts';
import { writeFileAtomic } from '../state/files.ts';
import { analyzeProject } from './project/openProject.ts';
import type { Operation } from './run.ts';

/** Sets the white space of castra.toml. Fails with `config-invalid` while the file is not TOML. */
export const format: Operation<FormatOptions, FormatOutcome> = (options) => {
  if (options.config.kind === 'text')
    throw new CastraError({ kind: 'usage', detail: 'A project that is given as text has no file to format.' });
  const { place, diagnostics } = analyzeProject(options);
  const path = place.configPath;
  const faults = diagnostics.filter(({ severity, code }) => severity === 'error' && /^toml\/|\/gone$/.test(code));
  if (faults.length > 0) throw new CastraError({ kind: 'config-invalid', path, diagnostics: faults });
  const text = readText(path);
  const { edits, refusal } = formatToml(parseToml(text), DEFAULT_STYLE);
  if (refusal) throw new CastraError({ kind: 'internal', detail: `formatting ${path} was refused: ${refusal}` });
  const isChanged = edits.length > 0 && !options.check;
  if (isChanged) write(path, applyEdits(text, edits));
  const value = { configPath: path, formatted: edits.length === 0 || isChanged, changed: isChanged };
  return Promise.resolve({ value, diagnostics: [] });
};

/** With its byte order mark. */
function readText(path: string): string {
  try {
    return decode(readFileSync(path));
  } catch (error) {
    throw new CastraError({ kind: 'config-unreadable', path, detail: messageOf(error) }, { cause: error });
  }
}

/** Never with replacement characters: they would be written back. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error('it is not UTF-8, as TOML requires; save it as UTF-8');
  }
}

function write(path: string, text: string): void {
  try {
    writeFileAtomic(path, text, statSync(path).mode & 0o777);
  } catch (error) {
    throw new CastraError({ kind: 'write-failed', path, detail: messageOf(error) }, { cause: error });
  }
}
