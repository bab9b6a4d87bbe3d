import type { TomlPath } from './toml/meaning/meaning.ts';

/** A key whose value is the path of something on this host. */
export interface PathKey {
  readonly name: string;
  readonly isFolder: boolean;
  /** Names of files that it is most likely about. */
  readonly best: RegExp;
  /** Castra makes it when it is needed. */
  readonly isMade?: boolean;
}

const IMAGE: PathKey = {
  name: 'base_image',
  isFolder: false,
  best: /\.(?:qcow2|img|raw|vhd|vmdk|vdi|ova)(?:\.(?:gz|xz|zst))?$|\.tar\.(?:gz|xz|zst)$/i,
};
const OVERLAY: PathKey = { name: 'overlay', isFolder: false, best: /\.qcow2$/i, isMade: true };
const USER_DATA: PathKey = { name: 'user_data', isFolder: false, best: /\.(?:ya?ml|cfg|sh)$|^user-data$/i };

/** By the names on the way to a value, without the rows of lists; `ssh.identity` is of bootstrap.toml. */
export const pathKeys: Readonly<Record<string, PathKey>> = {
  'project.state_dir': { name: 'state_dir', isFolder: true, best: /^$/, isMade: true },
  'vms.base_image': IMAGE,
  'vms.instances.base_image': IMAGE,
  'vms.overlay': OVERLAY,
  'vms.instances.overlay': OVERLAY,
  'vms.user_data': USER_DATA,
  'vms.instances.user_data': USER_DATA,
  'vms.bootstrap.script': { name: 'script', isFolder: false, best: /\.sh$/i },
  'ssh.identity': { name: 'identity', isFolder: false, best: /^id_\w+$|\.(?:key|pem)$/i },
  'steps.run': { name: 'run', isFolder: false, best: /\.sh$/i },
  'steps.payload': { name: 'payload', isFolder: true, best: /^$/ },
  'vms.bootstrap.payload': { name: 'payload', isFolder: true, best: /^$/ },
};

/** Undefined for a key whose value is not a path of this host. */
export function pathKey(path: TomlPath): PathKey | undefined {
  const name = path.filter((part) => typeof part === 'string').join('.');
  return Object.hasOwn(pathKeys, name) ? pathKeys[name] : undefined;
}
