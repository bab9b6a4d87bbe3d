import { CastraError } from '../contract/failures.ts';
import type { RestartOptions, UpOutcome } from '../contract/vms.ts';
import { inspectVm } from '../state/liveness.ts';
import { down } from './down.ts';
import { loadProject } from './project/openProject.ts';
import { vmsCalled } from './project/vms.ts';
import type { Operation } from './run.ts';
import { up } from './up.ts';

/**
 * Stops VMs and starts them with what castra.toml says now, and with new disks. Without names, all that run. Nothing is
 * stopped when the file has errors, or before the user has agreed to lose the disks.
 */
export const restart: Operation<RestartOptions, UpOutcome> = async (options, run) => {
  const { project, diagnostics } = loadProject(options);
  const { stateRoot } = project;
  const named = options.vms ?? [];
  const runs = (name: string): boolean => inspectVm(stateRoot, name).kind === 'running';
  const called = vmsCalled(project.vms, named).map(({ name }) => name);
  const running = called.filter(runs);
  const vms = named.length > 0 ? called : running;
  if (vms.length === 0) return { value: { stateRoot, vms: [] }, diagnostics };
  const { config, settings, keepOverlay = false, consent, force, wait, timeoutMs } = options;
  if (running.length > 0 && !keepOverlay) {
    const list = running.join(', ');
    const lines = [`${list}: restart discards the disk, with everything that was written to it since \`up\`.`];
    for (const text of lines) run.report({ type: 'message', severity: 'warning', text });
    const agreed = (await consent?.({ lines, question: `Restart ${list} with a new disk?` })) ?? true;
    if (!agreed) throw new CastraError({ kind: 'cancelled' });
  }
  if (running.length > 0) await down({ config, settings, vms: running, keepOverlay }, run);
  const starting = { force: force ?? false, wait: wait ?? true, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  return up({ config, settings, vms, ...starting, ...(consent ? { consent } : {}) }, run);
};
