import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { analyzeConfig } from '../config/analyze.ts';
import { discoverConfig } from '../config/discover.ts';
import { configTemplate } from '../config/template.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { InitOptions, InitOutcome } from '../contract/project.ts';
import { makeFolders, writeFileAtomic } from '../state/files.ts';
import type { Operation } from './run.ts';

/** Meant to be read by everybody who checks the project out, unlike anything in a state root. */
const CONFIG_MODE = 0o644;
const USER_FOLDER_MODE = 0o777;

/** Writes a commented castra.toml. */
export const init: Operation<InitOptions, InitOutcome> = (options) => {
  const path = resolve(options.outputPath);
  const overwritten = existsSync(path);
  if (overwritten && !options.force) throw new CastraError({ kind: 'already-initialized', path });
  const projectName = options.projectName || basename(dirname(path)) || 'castra-project';
  const text = configTemplate(projectName);
  try {
    makeFolders(dirname(path), USER_FOLDER_MODE);
    writeFileAtomic(path, text, CONFIG_MODE);
  } catch (error) {
    throw new CastraError({ kind: 'write-failed', path, detail: messageOf(error) }, { cause: error });
  }
  const configPath = discoverConfig({ kind: 'file', path });
  const { stateRoot } = analyzeConfig({ text, path: configPath, home: options.settings.home }).place;
  return Promise.resolve({ value: { configPath, projectName, stateRoot, overwritten }, diagnostics: [] });
};
