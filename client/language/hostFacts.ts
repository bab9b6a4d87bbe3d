import { availableParallelism, totalmem } from 'node:os';
import type { BusyPort, HostFacts } from '../../runtime/config/findings/hostFacts.ts';
import { CastraError } from '../../runtime/contract/failures.ts';
import type { HostSettings } from '../../runtime/contract/project.ts';
import { findPortOwner, isPortBound } from '../../runtime/process/portOwner.ts';
import { describeOwner } from '../../runtime/vm/host/ports.ts';
import { findQemu } from '../../runtime/vm/host/qemu.ts';
import type { ProjectView } from '../fleet/view.ts';

const MIB = 1024 * 1024;

/** What the language server cannot know by itself: it opens no socket and looks at no process. */
export function lookAtHost(project: ProjectView, settings: HostSettings): HostFacts {
  const qemuProblem = findQemuProblem(settings);
  return {
    cpus: availableParallelism(),
    memoryMiB: Math.floor(totalmem() / MIB),
    ...(qemuProblem ? { qemuProblem } : {}),
    busyPorts: project.vms.flatMap(({ status }) =>
      status && status.pid === undefined ? busyPorts(status.forwards) : [],
    ),
  };
}

type Forwards = readonly { readonly bind: string; readonly host: number; readonly protocol: 'tcp' | 'udp' }[];

/** Read from the system's tables: binding a port to test it would take it from a program that wants it just then. */
function busyPorts(forwards: Forwards): BusyPort[] {
  return forwards
    .filter(({ bind, host, protocol }) => host !== 0 && isPortBound(protocol, bind, host))
    .map(({ host, protocol }) => {
      const owner = describeOwner(findPortOwner(protocol, host));
      return { port: host, protocol, owner: owner.charAt(0).toUpperCase() + owner.slice(1) };
    });
}

function findQemuProblem(settings: HostSettings): HostFacts['qemuProblem'] {
  try {
    findQemu(settings);
    return undefined;
  } catch (error) {
    const failure = error instanceof CastraError ? error.failure : undefined;
    const [problem] = failure?.kind === 'preflight-failed' ? failure.problems : [];
    return problem && { message: problem.message, ...(problem.help ? { help: problem.help } : {}) };
  }
}
