import { randomUUID } from 'node:crypto';
import { ensureKeyPair } from '../../seed/keys.ts';
import { writeSeed } from '../../seed/seed.ts';
import { projectFiles, vmFiles } from '../../state/layout.ts';
import type { StartPlan } from './startPlan.ts';

/**
 * Makes the disk from which the guest learns who it is, with an instance-id of its own for each overlay. Both key pairs
 * are made once and stay: so clients know the guest from its first boot on.
 */
export function prepareSeed({ vm, stateRoot, place }: StartPlan): void {
  const { name, sshUser, image, userData } = vm;
  const files = vmFiles(stateRoot, name);
  writeSeed({
    path: files.seed,
    vm: name,
    instanceId: `${name}-${randomUUID()}`,
    sshUser,
    isDefaultAlpine: image.kind === 'default-alpine',
    identity: ensureKeyPair(projectFiles(stateRoot).identity, `castra ${place.name}`),
    hostKey: ensureKeyPair(files.hostKey, name),
    ...(userData ? { userData } : {}),
  });
}
