import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ProjectPlace, VmDefinition } from '../../config/project.ts';
import { isInside, projectId } from '../../config/vms/paths.ts';
import type { Consent } from '../../contract/consent.ts';
import { CastraError } from '../../contract/failures.ts';
import { isQcow2File } from '../../disks/imageFormat.ts';
import { knownProjects } from '../../state/registry.ts';
import { gatherPlan } from '../bootstrap/gather.ts';
import type { Run } from '../run.ts';

/** What VMs do beyond running: a line each. docs/security.md says why these count. */
export function reachOf(vms: readonly VmDefinition[]): string[] {
  return vms.flatMap(({ name, qemuArgs, forwards }) => [
    ...(qemuArgs.length === 0 ? [] : [`${name} passes arguments of its own to QEMU: ${qemuArgs.join(' ')}`]),
    ...forwards
      .filter(({ bind }) => !isLoopback(bind))
      .map(
        ({ bind, host, guest }) =>
          `${name} opens port ${host || '(any)'} on ${bind}, to other hosts, for its port ${guest}`,
      ),
  ]);
}

/**
 * Local base images that Castra converts although they are outside the folder of castra.toml, also through a link: any
 * file of the host whose size is that of a disk would do, and its guest sees what is in it.
 */
async function outsideDisks({ configPath }: ProjectPlace, vms: readonly VmDefinition[]): Promise<string[]> {
  const folder = realpathSync(dirname(configPath));
  const lines = vms.map(async ({ name, image }) => {
    if (image.kind !== 'file' || !statSync(image.path, { throwIfNoEntry: false })?.isFile()) return [];
    if (isInside(realpathSync(image.path), folder) || (await isQcow2File(image.path))) return [];
    return [`${name} reads ${image.path}, which is outside the project's folder, as its disk`];
  });
  return (await Promise.all(lines)).flat();
}

/** Scripts and payloads from outside the folder of castra.toml, also through a link: guests see what is in them. */
function outsideFiles({ configPath }: ProjectPlace, vms: readonly VmDefinition[]): string[] {
  const folder = realpathSync(dirname(configPath));
  return vms.flatMap((vm) => {
    const planned = gatherPlan(vm, { mode: vm.bootstrap.mode });
    if (planned.kind !== 'run') return [];
    const { payload, units } = planned.plan;
    const files = units.flatMap(({ run, payload: own }) => [run?.kind === 'file' ? run.path : undefined, own]);
    return [payload, ...files]
      .filter((path) => path !== undefined)
      .filter((path) => !isInside(realpathSync(path), folder))
      .map((path) => `${vm.name} gets a copy of ${path}, which is outside the project's folder`);
  });
}

const isLoopback = (address: string): boolean => /^(?:127\.|::1$|localhost$)/.test(address);

/**
 * Before the first start of a project by this user: reports what it reaches, and asks where a user can be asked.
 * Fails with `cancelled`.
 */
export async function confirmReach(
  place: ProjectPlace,
  vms: readonly VmDefinition[],
  { home, consent, run }: { readonly home: string; readonly consent: Consent | undefined; readonly run: Run },
): Promise<void> {
  if (wasStarted(home, place)) return;
  const lines = [...reachOf(vms), ...(await outsideDisks(place, vms)), ...outsideFiles(place, vms)];
  if (lines.length === 0) return;
  const first = `${place.configPath} was not started before, and reaches beyond its VMs:`;
  for (const text of [first, ...lines]) run.report({ type: 'message', severity: 'warning', text });
  if (consent && !(await consent({ lines, question: 'Start it?' }))) throw new CastraError({ kind: 'cancelled' });
}

const wasStarted = (home: string, { configPath }: ProjectPlace): boolean =>
  knownProjects(home).some(({ id }) => id === projectId(configPath));
