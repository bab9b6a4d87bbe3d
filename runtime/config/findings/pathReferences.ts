import { asTable, text } from '../fields.ts';
import type { VmDefinition } from '../project.ts';
import { pick, type Replica } from '../vms/replicas.ts';
import type { PathReference } from './pathReference.ts';

/** What a VM needs of the host's files. What is made at `up`, such as overlays, is none of it. */
export function pathReferences(vm: VmDefinition, replica: Replica): PathReference[] {
  const base = { vm: vm.name, isWritten: true };
  const { image, userData } = vm;
  const imagePath = pick(replica, 'base_image').path;
  const userDataPath = pick(replica, 'user_data').path;
  return [
    ...(image.kind === 'file' ? [{ ...base, what: 'base image', file: image.path, path: imagePath } as const] : []),
    ...(userData?.kind === 'file'
      ? [{ ...base, what: 'file of user data', file: userData.path, path: userDataPath } as const]
      : []),
    ...bootstrapReferences(vm, replica),
  ];
}

/** A script that is skipped need not exist, nor one at its default place unless it must run. */
function bootstrapReferences(vm: VmDefinition, replica: Replica): PathReference[] {
  const { mode, script, payload } = vm.bootstrap;
  const own = asTable(replica.table.bootstrap) ?? {};
  const path = [...replica.path, 'bootstrap'];
  if (mode === 'skip') return [];
  const references: PathReference[] = [];
  if (text(own.script) !== undefined) {
    references.push({
      what: 'bootstrap script',
      file: script,
      vm: vm.name,
      path: [...path, 'script'],
      isWritten: true,
    });
  } else if (mode === 'always') {
    const asks = own.mode === undefined ? [...replica.path, 'name'] : [...path, 'mode'];
    references.push({ what: 'bootstrap script', file: script, vm: vm.name, path: asks, isWritten: false });
  }
  if (text(own.payload) !== undefined) {
    references.push({
      what: 'bootstrap payload',
      file: payload,
      vm: vm.name,
      path: [...path, 'payload'],
      isWritten: true,
    });
  }
  return references;
}
