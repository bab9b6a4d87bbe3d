import type { BrokerConfig } from '../../contract/broker.ts';
import type { PortForward } from '../../contract/vocabulary.ts';
import type { Findings } from '../findings/findings.ts';
import type { VmDefinition } from '../project.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import { findAmbiguousNames } from './ambiguousNames.ts';
import { explainBadName, MAX_NAME, slugify } from './names.ts';
import type { PlacedVm } from './placedVm.ts';

/** What VMs may not take, for the project has it. */
export interface SharedPlaces {
  readonly broker: BrokerConfig;
  readonly configPath: string;
}

/**
 * What single VMs do not show: two that want the same name, port or disk. A VM without a name is left out, for no
 * conflict could name it; that the name is missing has been said.
 */
export function findConflicts(all: readonly PlacedVm[], project: SharedPlaces, findings: Findings): void {
  const vms = all.filter(({ vm }) => vm.role !== '');
  checkNames(vms, findings);
  findAmbiguousNames(vms, findings);
  checkHostPorts(vms, project.broker, findings);
  checkGuestPorts(vms, findings);
  checkOverlays(vms, project.configPath, findings);
}

function checkNames(vms: readonly PlacedVm[], findings: Findings): void {
  const first = new Map<string, PlacedVm>();
  for (const placed of vms) {
    const { vm } = placed;
    const path = [...placed.path, 'name'];
    const earlier = first.get(vm.name);
    const problem = explainBadName(vm.role) ?? explainBadName(vm.name);
    if (problem !== undefined) {
      const help = suggestName(vm);
      findings.report({ severity: 'error', code: 'config/invalid-vm-name', message: problem, help, path });
    } else if (earlier) {
      findings.report({
        severity: 'error',
        code: 'config/duplicate-vm-name',
        message: `Two VMs are called "${vm.name}".`,
        help: 'Give one of them another name, or use `count` for equal VMs.',
        path,
        related: { path: [...earlier.path, 'name'], message: 'The first one.' },
      });
    }
    if (!earlier) first.set(vm.name, placed);
  }
}

/** An allowed name near the one given, if its replicas would have allowed names too. */
function suggestName({ role, name }: VmDefinition): string {
  const near = slugify(role, 'vm');
  const isAllowed = explainBadName(near) === undefined && explainBadName(near + name.slice(role.length)) === undefined;
  if (isAllowed && near !== role) return `Call it "${near}".`;
  return name.length > MAX_NAME ? 'Choose a shorter name.' : 'Choose another name.';
}

interface Claim {
  readonly vm: VmDefinition;
  readonly forward: PortForward;
  readonly path: TomlPath;
}

function claims(vms: readonly PlacedVm[]): Claim[] {
  return vms.flatMap(({ vm, forwardPaths }) =>
    vm.forwards.map((forward, index) => ({ vm, forward, path: [...(forwardPaths[index] ?? []), 'host'] })),
  );
}

function checkHostPorts(vms: readonly PlacedVm[], { enabled, port }: BrokerConfig, findings: Findings): void {
  const taken = new Map<number, Claim[]>();
  for (const claim of claims(vms)) {
    const { forward, path } = claim;
    if (forward.host === 0) continue;
    const others = taken.get(forward.host) ?? [];
    const other = others.find((earlier) => overlaps(earlier.forward, forward));
    if (other) reportPortConflict(claim, other, findings);
    else if (enabled && forward.host === port && overlaps(forward, BROKER)) reportBrokerConflict(path, port, findings);
    others.push(claim);
    taken.set(forward.host, others);
  }
}

const BROKER: Pick<PortForward, 'protocol' | 'bind'> = { protocol: 'tcp', bind: '127.0.0.1' };

function overlaps(a: Pick<PortForward, 'protocol' | 'bind'>, b: Pick<PortForward, 'protocol' | 'bind'>): boolean {
  return a.protocol === b.protocol && (a.bind === b.bind || a.bind === '0.0.0.0' || b.bind === '0.0.0.0');
}

function reportPortConflict(claim: Claim, other: Claim, findings: Findings): void {
  const { vm, forward, path } = claim;
  const who =
    vm === other.vm
      ? `"${vm.name}" forwards host port ${forward.host}/${forward.protocol} twice.`
      : `"${vm.name}" and "${other.vm.name}" both want host port ${forward.host}/${forward.protocol}.`;
  findings.report({
    severity: 'error',
    code: 'config/duplicate-host-port',
    message: who,
    help: 'Choose another `host`, or `host = 0` for any free port. Replicas take `host`, `host + 1`, and so on.',
    path,
    related: { path: other.path, message: `"${other.vm.name}" wants it here.` },
  });
}

function reportBrokerConflict(path: TomlPath, brokerPort: number, findings: Findings): void {
  findings.report({
    severity: 'error',
    code: 'config/broker-port',
    message: `Host port ${brokerPort} belongs to the broker.`,
    help: 'Choose another `host`, or give the broker another `port` under `[broker]`.',
    path,
    related: { path: ['broker', 'port'], message: 'The broker.' },
  });
}

/** Legal, and sometimes meant: two ways to one service. */
function checkGuestPorts(vms: readonly PlacedVm[], findings: Findings): void {
  for (const { vm, forwardPaths } of vms) {
    if (vm.forwards.length < 2) continue;
    const first = new Map<string, number>();
    vm.forwards.forEach(({ guest, protocol }, index) => {
      const earlier = first.get(`${guest}/${protocol}`);
      if (earlier === undefined) {
        first.set(`${guest}/${protocol}`, index);
        return;
      }
      findings.report({
        severity: 'warning',
        code: 'config/duplicate-guest-port',
        message: `"${vm.name}" forwards to guest port ${guest}/${protocol} more than once.`,
        path: [...(forwardPaths[index] ?? []), 'guest'],
        related: { path: [...(forwardPaths[earlier] ?? []), 'guest'], message: 'The first one.' },
      });
    });
  }
}

function checkOverlays(vms: readonly PlacedVm[], configPath: string, findings: Findings): void {
  const first = new Map<string, PlacedVm>();
  const images = vms.flatMap(({ vm }) => (vm.image.kind === 'file' ? [[vm.image.path, vm.name] as const] : []));
  const bases = new Map(images.toReversed());
  for (const placed of vms) {
    const { vm, overlayPath: path } = placed;
    const earlier = first.get(vm.overlayPath);
    const base = bases.get(vm.overlayPath);
    if (vm.overlayPath === configPath) {
      findings.report({
        severity: 'error',
        code: 'config/overlay-is-config',
        message: `The overlay of "${vm.name}" is this file, which would be overwritten.`,
        help: 'Remove `overlay`, or give it another path.',
        path,
      });
    } else if (base !== undefined) {
      findings.report({
        severity: 'error',
        code: 'config/overlay-is-base-image',
        message: `The overlay of "${vm.name}" is the base image of "${base}", which would be deleted.`,
        help: 'Remove `overlay`, or give it another path.',
        path,
      });
    } else if (earlier && earlier.vm.name !== vm.name) {
      findings.report({
        severity: 'error',
        code: 'config/duplicate-overlay',
        message: `"${earlier.vm.name}" and "${vm.name}" have the same overlay ${vm.overlayPath}.`,
        help: 'Each VM needs its own disk: leave `overlay` out, or give each another path.',
        path,
        related: { path: earlier.overlayPath, message: `"${earlier.vm.name}" has it here.` },
      });
    }
    if (!earlier) first.set(vm.overlayPath, placed);
  }
}
