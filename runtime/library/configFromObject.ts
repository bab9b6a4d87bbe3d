import { stringify } from 'smol-toml';
import type { ConfigSelection } from '../contract/project.ts';

export type ConfigValue = string | number | bigint | boolean | readonly ConfigValue[] | ConfigObject;

/** What castra.toml would have: `{ version: '0.2.0', project: { name: 'app' }, vms: [{ name: 'web', … }] }`. */
export interface ConfigObject {
  readonly [key: string]: ConfigValue | undefined;
}

/**
 * A project without a file. `path` is where its castra.toml would be, in a folder that exists: it tells projects apart,
 * and relative paths start from its folder. Diagnostics have the places of the text that the object becomes.
 */
export function configFromObject(value: ConfigObject, path: string): ConfigSelection {
  return { kind: 'text', path, text: stringify(value) };
}
