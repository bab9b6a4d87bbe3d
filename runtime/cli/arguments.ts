import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { CastraError } from '../contract/failures.ts';
import type { ConfigSelection, HostSettings } from '../contract/project.ts';
import { readSettings } from '../process/environment.ts';

export interface GlobalFlags {
  readonly config?: string;
  readonly project?: string;
  readonly json?: boolean;
}

export interface CommandContext {
  readonly config: ConfigSelection;
  readonly settings: HostSettings;
  readonly json: boolean;
}

/** What every command takes from flags, environment and working directory. */
export function readContext(command: Command, file?: string): CommandContext {
  const flags = command.optsWithGlobals<GlobalFlags>();
  return {
    config: selectConfig(file ?? flags.config, flags.project),
    settings: readSettings(process.env),
    json: flags.json ?? false,
  };
}

/** The castra.toml that flags name; without them the nearest one. */
export function selectConfig(path?: string, id?: string): ConfigSelection {
  if (path !== undefined && id !== undefined) {
    throw new CastraError({ kind: 'usage', detail: 'Pass --config or --project, not both.' });
  }
  if (id !== undefined) return { kind: 'project', id };
  return path === undefined ? { kind: 'discover', from: process.cwd() } : { kind: 'file', path: resolve(path) };
}

/** A flag's value in whole or fractional seconds, as milliseconds. */
export function parseSeconds(text: string): number {
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(seconds) || seconds > 31_536_000)
    throw new InvalidArgumentError('It must be a number of seconds.');
  return Math.round(seconds * 1000);
}
