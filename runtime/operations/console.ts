import type { Duplex } from 'node:stream';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { ConsoleOptions } from '../contract/ssh.ts';
import { inspectVm } from '../state/liveness.ts';
import { connectConsole, isConsoleTaken } from '../vm/console.ts';
import { openState } from './project/openProject.ts';
import { oneVmCalled, onlyOne, type ProjectVm, projectVms, requireRunning } from './project/vms.ts';
import type { Operation } from './run.ts';

/** An attached serial console; the caller must destroy the connection. */
export interface OpenConsole {
  readonly vm: string;
  readonly stateRoot: string;
  readonly connection: Duplex;
}

/** Attaches to the serial console of a running VM. Works with a broken file; fails if another client is attached. */
export const openConsole: Operation<ConsoleOptions, OpenConsole> = async (options, run) => {
  const { place, draft } = openState(options);
  const { stateRoot } = place;
  const all = projectVms(stateRoot, draft?.vms ?? []);
  const { name: vm } = options.vm === undefined ? onlyRunning(all, stateRoot) : oneVmCalled(all, options.vm);
  const { sockets } = requireRunning(vm, inspectVm(stateRoot, vm)).record;
  const taken = await isConsoleTaken(sockets.monitor);
  if (taken) throw new CastraError({ kind: 'console-busy', vm });
  if (taken === undefined) {
    const text = `${vm}: QEMU does not answer on its QMP socket; it may hang, or another terminal may be attached.`;
    run.report({ type: 'message', severity: 'warning', text });
  }
  if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
  try {
    const connection = await connectConsole(sockets.console);
    return { value: { vm, stateRoot, connection }, diagnostics: [] };
  } catch (error) {
    const detail = `its console cannot be reached (${messageOf(error)}); \`castra status\` shows its state.`;
    throw new CastraError({ kind: 'not-running', vm, detail }, { cause: error });
  }
};

const onlyRunning = (all: readonly ProjectVm[], stateRoot: string): ProjectVm =>
  onlyOne(all, ({ name }) => inspectVm(stateRoot, name).kind === 'running');
