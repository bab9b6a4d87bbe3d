import type { PlanBootstrapOptions } from '../contract/bootstrap.ts';
import { exitCodes } from '../contract/failures.ts';
import type { Run } from '../operations/run.ts';
import { textFace } from './render/text.ts';
import { runSession } from './session.ts';

/** `--plan` of a command that runs bootstraps. */
export async function showPlan(command: string, options: PlanBootstrapOptions, json: boolean): Promise<number> {
  return await runSession({
    command,
    json,
    face: async () => {
      const { renderPlan } = await import('./render/bootstrap.ts');
      return textFace({ outcome: renderPlan });
    },
    operation: async (run: Run) => (await import('../operations/planBootstrap.ts')).planBootstrap(options, run),
    exitCode: ({ vms }) => (vms.some(({ action }) => action === 'error') ? exitCodes['bootstrap-failed'] : 0),
  });
}
