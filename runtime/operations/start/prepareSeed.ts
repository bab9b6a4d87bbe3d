import { randomBytes, randomUUID } from 'node:crypto';
import { runningBroker } from '../../broker/records/brokerRecord.ts';
import { agentScript } from '../../guest/guestPart.ts';
import { ensureKeyPair } from '../../seed/keys.ts';
import type { Part } from '../../seed/mime.ts';
import { writeSeed } from '../../seed/seed.ts';
import { ensurePrivateDirectory, writeFileAtomic } from '../../state/files.ts';
import { projectFiles, vmFiles } from '../../state/layout.ts';
import type { StartPlan } from './startPlan.ts';

/**
 * Makes the disk from which the guest learns who it is, with an instance-id of its own for each overlay. Both key pairs
 * are made once and stay: so clients know the guest from its first boot on.
 */
export function prepareSeed({ vm, stateRoot, place, bus }: StartPlan): void {
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
    ...(bus ? { parts: [agentPart(name, stateRoot, bus.port)] } : {}),
  });
}

/** With a token that only this launch of the VM has. The broker may have got another port than castra.toml names. */
function agentPart(vm: string, stateRoot: string, port: number): Part {
  const token = randomBytes(32).toString('hex');
  ensurePrivateDirectory(projectFiles(stateRoot).broker);
  writeFileAtomic(vmFiles(stateRoot, vm).token, `${token}\n`);
  const text = agentScript({ vm, token, port: runningBroker(stateRoot)?.port ?? port });
  return { kind: 'content', contentType: 'text/x-shellscript', filename: 'castra-agent.sh', text };
}
