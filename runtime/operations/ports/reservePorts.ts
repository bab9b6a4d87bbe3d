import type { ProjectPlace, VmDefinition } from '../../config/project.ts';
import { messageOf } from '../../contract/failures.ts';
import { inspectVm } from '../../state/liveness.ts';
import {
  changeReservations,
  type LiveReservation,
  type PortReservation,
  readReservations,
} from '../../state/portRegistry.ts';
import { claimPorts, type PortClaim, type ReservedPort } from '../../vm/host/ports.ts';
import type { Run } from '../run.ts';
import { wantedForwards } from './forwards.ts';

/**
 * Claims every port of VMs that are about to be started, all or none, so that no other project's `up` takes one before
 * QEMU binds it. Ports are also probed by binding; so without a usable registry this still says what is taken now.
 */
export async function reservePorts(
  place: ProjectPlace,
  vms: readonly VmDefinition[],
  home: string,
  run: Run,
): Promise<readonly PortClaim[]> {
  const wanted = vms.flatMap(wantedForwards);
  let claims: readonly PortClaim[] | undefined;
  try {
    const reserved = await changeReservations(home, run.signal, async (live) => {
      const others = live.filter((entry) => !isOf(place.stateRoot, vms, entry));
      claims = await claimPorts(
        wanted,
        others.map((entry) => toReserved(entry, place)),
      );
      const got = claims.every((claim) => claim.kind === 'free') ? claims : [];
      return { reservations: [...others, ...got.map((claim) => toReservation(place, claim))], value: claims };
    });
    if (reserved) return reserved;
    if (!run.signal.aborted) warn('another castra still holds it', run);
  } catch (error) {
    warn(messageOf(error), run);
  }
  return claims ?? claimPorts(wanted);
}

/** Lets go of what VMs that do not run have reserved. A failure is harmless: such entries do not count anyway. */
export async function releasePorts(stateRoot: string, vms: readonly string[], home: string): Promise<void> {
  const ended = vms.filter((vm) => inspectVm(stateRoot, vm).kind !== 'running');
  const isEnded = (entry: PortReservation) => entry.stateRoot === stateRoot && ended.includes(entry.vm);
  if (!readReservations(home).some(isEnded)) return;
  try {
    // Not cancellable: this is the clean-up of what was cancelled, and the wait is bounded.
    await changeReservations(home, new AbortController().signal, (live) =>
      Promise.resolve({ reservations: live.filter((entry) => !isEnded(entry)), value: true }),
    );
  } catch {
    // The entries go with the next change.
  }
}

function isOf(stateRoot: string, vms: readonly VmDefinition[], entry: PortReservation): boolean {
  return entry.stateRoot === stateRoot && vms.some((vm) => vm.name === entry.vm);
}

function toReservation(place: ProjectPlace, { forward }: PortClaim): PortReservation {
  const { stateRoot, configPath, name: project } = place;
  return { stateRoot, configPath, project, ...forward };
}

function toReserved(entry: LiveReservation, place: ProjectPlace): ReservedPort {
  const { bind, host, protocol } = entry;
  return { bind, host, protocol, detail: `${describeHolder(entry, place.stateRoot)} has it` };
}

/** `the running VM "web" of project "shop" (/srv/shop/castra.toml)` */
export function describeHolder(entry: LiveReservation, ownStateRoot: string): string {
  const vm = entry.state === 'running' ? `the running VM "${entry.vm}"` : `the VM "${entry.vm}" that is just starting,`;
  return entry.stateRoot === ownStateRoot
    ? `${vm} of this project`
    : `${vm} of project "${entry.project}" (${entry.configPath})`;
}

function warn(why: string, run: Run): void {
  const text = `Ports cannot be reserved (${why}). Another project may take one before QEMU opens it.`;
  run.report({ type: 'message', severity: 'warning', text: text.replace(/\.\.$/, '.') });
}
