import type { VmDefinition } from '../../../runtime/config/project.ts';
import type { PlacedVm } from '../../../runtime/config/vms/placedVm.ts';
import type { PortForward } from '../../../runtime/contract/vocabulary.ts';
import { sizeInWords } from '../../text/effective.ts';
import { code } from './code.ts';

const MAX_SHOWN = 5;

/** What a role starts, one line per VM, in Markdown; empty without a name. */
export function rolesInWords(placed: readonly PlacedVm[], stateRoot: string): string[] {
  const vms = placed.map(({ vm }) => vm).filter(({ role }) => role !== '');
  if (vms.length === 0) return [];
  const shown = vms.slice(0, MAX_SHOWN).map((vm) => `- ${vmInWords(vm)}`);
  const rest = vms.length - shown.length;
  return [[...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])].join('\n'), `State: ${code(stateRoot)}`];
}

function vmInWords({ name, cpus, memoryMiB, forwards, overlayPath }: VmDefinition): string {
  const processors = cpus === 1 ? '1 processor' : `${cpus} processors`;
  const parts = [processors, sizeInWords(memoryMiB), ...forwards.map(forwardInWords), `overlay ${code(overlayPath)}`];
  return `${code(name)}: ${parts.join(', ')}`;
}

function forwardInWords({ bind, host, guest, protocol }: PortForward): string {
  const port = host === 0 ? 'any free port' : `port ${host}`;
  const address = bind === '127.0.0.1' ? '' : ` of ${code(bind)}`;
  return `${port}${address} to ${guest}${protocol === 'udp' ? '/udp' : ''}`;
}
