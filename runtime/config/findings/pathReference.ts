import type { TomlPath } from '../toml/meaning/meaning.ts';

/** A file or folder on the host that a VM needs. */
export interface PathReference {
  readonly what: 'base image' | 'file of user data' | 'bootstrap script' | 'bootstrap payload';
  /** Absolute. */
  readonly file: string;
  readonly vm: string;
  /** Of the key that asks for it. */
  readonly path: TomlPath;
  /** Whether the text names the file; else it is a default that must exist. */
  readonly isWritten: boolean;
}
