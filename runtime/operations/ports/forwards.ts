import type { VmDefinition } from '../../config/project.ts';
import type { PortForward } from '../../contract/vocabulary.ts';
import type { PortClaim, WantedForward } from '../../vm/host/ports.ts';

const SSH_PORT = 22;
const ANY_PORT = 0;

/** The forwards of a VM; SSH has one on a free loopback port without declaring it. */
export function wantedForwards({ name: vm, forwards }: VmDefinition): WantedForward[] {
  const declared = forwards.map((forward) => ({ vm, ...forward }));
  if (forwards.some(leadsToSsh)) return declared;
  return [...declared, { vm, bind: '127.0.0.1', host: ANY_PORT, guest: SSH_PORT, protocol: 'tcp' }];
}

/** A forward through which this host itself reaches the guest's SSH server. */
function leadsToSsh({ guest, protocol, bind }: Omit<PortForward, 'host'>): boolean {
  return guest === SSH_PORT && protocol === 'tcp' && (bind === '127.0.0.1' || bind === '0.0.0.0');
}

export function sshPortOf(forwards: readonly PortForward[]): number {
  return forwards.find(leadsToSsh)?.host ?? 0;
}

/** What one VM got. */
export function forwardsOf(vm: string, claims: readonly PortClaim[]): PortForward[] {
  return claims
    .filter((claim) => claim.forward.vm === vm)
    .map(({ forward: { bind, host, guest, protocol } }) => ({ bind, host, guest, protocol }));
}
