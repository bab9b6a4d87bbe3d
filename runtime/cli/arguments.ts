import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { ConfigSelection, HostSettings } from '../options.ts';
import { readSettings } from '../process/environment.ts';

export interface GlobalFlags {
  readonly config?: string;
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
  const path = file ?? flags.config;
  return {
    config: path === undefined ? { kind: 'discover', from: process.cwd() } : { kind: 'file', path: resolve(path) },
    settings: readSettings(process.env),
    json: flags.json ?? false,
  };
}

/** A flag's value in whole or fractional seconds, as milliseconds. */
export function parseSeconds(text: string): number {
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(seconds) || seconds > 31_536_000)
    throw new InvalidArgumentError('It must be a number of seconds.');
  return Math.round(seconds * 1000);
}
