import type { Diagnostic } from '../../contract/diagnostics.ts';
import type { PortForward } from '../../contract/vocabulary.ts';
import type { ConfigAnalysis } from '../configAnalysis.ts';
import type { PlacedVm } from '../vms/placedVm.ts';
import { collectFindings, type Findings } from './findings.ts';
import { isSuppressed } from './suppressions.ts';

/** What is known of the host by a program that can look at it; missing facts are unknown. */
export interface HostFacts {
  readonly cpus?: number;
  readonly memoryMiB?: number;
  /** Why QEMU cannot be used, as a sentence, and what to do. */
  readonly qemuProblem?: { readonly message: string; readonly help?: string };
  /** Ports that others hold; not those of this project's own VMs. */
  readonly busyPorts?: readonly BusyPort[];
}

export interface BusyPort extends Pick<PortForward, 'protocol'> {
  readonly port: number;
  /** Who has it: the beginning of a sentence. */
  readonly owner: string;
}

/** What `up` would say about this host now, as warnings at the lines that it is about. Nothing is looked at here. */
export function findHostProblems(
  { syntax, placed, place, suppressions }: Pick<ConfigAnalysis, 'syntax' | 'placed' | 'place' | 'suppressions'>,
  facts: HostFacts,
): Diagnostic[] {
  const findings = collectFindings(syntax.tree, syntax.document.text, syntax.index, place.configPath);
  const [first] = placed;
  if (first && facts.qemuProblem) {
    const { message, help } = facts.qemuProblem;
    const finding = { severity: 'warning', code: 'host/qemu-missing', message, ...(help ? { help } : {}) } as const;
    findings.report({ ...finding, path: first.path, part: 'key' });
  }
  for (const one of placed) {
    checkSize(one, facts, findings);
    checkPorts(one, facts, findings);
  }
  return findings.list().filter((finding) => !isSuppressed(finding, suppressions));
}

function checkSize({ vm, path }: PlacedVm, { cpus, memoryMiB }: HostFacts, findings: Findings): void {
  if (cpus !== undefined && vm.cpus > cpus) {
    const message = `\`cpus = ${vm.cpus}\` is more than the ${cpus} processors of this host.`;
    findings.report({ severity: 'warning', code: 'host/cpus', message, path: [...path, 'cpus'] });
  }
  if (memoryMiB !== undefined && vm.memoryMiB > memoryMiB) {
    const message = `\`memory\` is more than the ${memoryMiB} MiB of this host.`;
    findings.report({ severity: 'warning', code: 'host/memory', message, path: [...path, 'memory'] });
  }
}

function checkPorts({ vm, forwardPaths }: PlacedVm, { busyPorts = [] }: HostFacts, findings: Findings): void {
  for (const [index, { host, protocol }] of vm.forwards.entries()) {
    const busy = busyPorts.find((one) => one.port === host && one.protocol === protocol);
    const path = forwardPaths[index];
    if (busy === undefined || path === undefined) continue;
    findings.report({
      severity: 'warning',
      code: 'host/port-taken',
      message: `${busy.owner} uses port ${host}/${protocol} now.`,
      help: 'Choose another `host` port, or `host = 0` for any free one.',
      path: [...path, 'host'],
    });
  }
}
