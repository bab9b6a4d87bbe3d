import type { BaseImage, VmDefinition } from '../../runtime/config/project.ts';
import type { TomlPath } from '../../runtime/config/toml/meaning/meaning.ts';
import type { PlacedVm } from '../../runtime/config/vms/placedVm.ts';
import type { Analysis } from '../documents/analysis.ts';
import { stringAt } from './nodes.ts';

/** What one VM has, after inheritance and defaults. */
export interface EffectiveValue {
  readonly vm: string;
  readonly value: string;
}

/** What the VMs that a key concerns have of it; empty for a key that is of no VM. */
export function effectiveValues(analysis: Analysis, path: TomlPath): EffectiveValue[] {
  const read = readerOf(path);
  if (read === undefined) return [];
  return concerned(analysis, path).flatMap((placed) => {
    const value = placed.vm.role === '' ? undefined : read(placed);
    return value === undefined ? [] : [{ vm: placed.vm.name, value }];
  });
}

/** The VMs that a table is about: of a role, of one instance, or all of the project. */
export function concerned({ placed, syntax }: Analysis, path: TomlPath): readonly PlacedVm[] {
  const [section, row, list, instance] = path;
  if (section !== 'vms') return placed;
  const ofRole = placed.filter((one) => one.path[1] === row);
  if (list !== 'instances' || typeof instance !== 'number') return ofRole;
  const id = stringAt(syntax.tree, [...path.slice(0, 4), 'id']);
  return ofRole.filter(({ vm }) => vm.name === id);
}

type Reader = (placed: PlacedVm) => string | undefined;

const ofVm =
  (read: (vm: VmDefinition) => string | undefined): Reader =>
  ({ vm }) =>
    read(vm);

const machine: Readonly<Record<string, Reader>> = {
  base_image: ofVm(({ image }) => imageInWords(image)),
  overlay: ofVm(({ overlayPath }) => overlayPath),
  overlay_size: ofVm(({ overlaySizeMiB }) => (overlaySizeMiB === undefined ? undefined : sizeInWords(overlaySizeMiB))),
  cpus: ofVm(({ cpus }) => String(cpus)),
  memory: ofVm(({ memoryMiB }) => sizeInWords(memoryMiB)),
  accelerator: ofVm(({ accelerator }) => accelerator),
  user_data: ofVm(({ userData }) => (userData?.kind === 'file' ? userData.path : userData && 'its own text')),
};

const bootstrap: Readonly<Record<string, Reader>> = {
  mode: ofVm((vm) => vm.bootstrap.mode),
  handshake_timeout_secs: ofVm((vm) => String(vm.bootstrap.handshakeTimeoutMs / 1000)),
  remote_dir: ofVm((vm) => vm.bootstrap.remoteDir),
  script: ofVm((vm) => vm.bootstrap.script),
  payload: ofVm((vm) => vm.bootstrap.payload),
};

function readerOf(path: TomlPath): Reader | undefined {
  const names = path.filter((part) => typeof part === 'string');
  const key = names.at(-1) ?? '';
  const table = names.slice(0, -1).join('.');
  if (table.endsWith('port_forwards') && key === 'host') return hostPort(path.slice(0, -1).join('.'));
  if (table === 'vms' || table === 'vms.instances') return known(machine, key);
  if (table === 'bootstrap' || table === 'vms.bootstrap') return known(bootstrap, key);
  return table === 'project' && key === 'accelerator' ? machine[key] : undefined;
}

const known = (readers: Readonly<Record<string, Reader>>, key: string): Reader | undefined =>
  Object.hasOwn(readers, key) ? readers[key] : undefined;

/** Replicas get ports of their own, counted on from the declared one. */
function hostPort(forward: string): Reader {
  return ({ vm, forwardPaths }) => {
    const port = vm.forwards[forwardPaths.findIndex((path) => path.join('.') === forward)]?.host;
    return port === undefined || port === 0 ? undefined : String(port);
  };
}

export function sizeInWords(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`;
}

function imageInWords(image: BaseImage): string {
  switch (image.kind) {
    case 'default-alpine':
      return 'the default Alpine Linux image';
    case 'file':
      return image.path;
    case 'url':
      return image.url;
  }
}
