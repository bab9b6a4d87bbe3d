import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Artifact, readArtifact } from '../../bootstrap/payload/artifact.ts';
import { PayloadError } from '../../bootstrap/payload/payload.ts';
import { type PlanFacts, type Planned, type PlanRequest, planBootstrap } from '../../bootstrap/plan.ts';
import { analyzeBootstrap } from '../../config/bootstrap/analyzeBootstrap.ts';
import { BOOTSTRAP_FILE } from '../../config/bootstrap/bootstrapProject.ts';
import type { VmDefinition } from '../../config/project.ts';
import { messageOf } from '../../contract/failures.ts';

/** Reads what a VM's bootstrap is made of, and plans it. */
export function gatherPlan(vm: VmDefinition, request: Pick<PlanRequest, 'mode' | 'only'>): Planned {
  const path = join(dirname(vm.bootstrap.script), BOOTSTRAP_FILE);
  const whole = { ...request, vm: vm.name, settings: vm.bootstrap };
  if (request.mode === 'skip' || kindOf(path) !== 'file') return planBootstrap(whole, { kindOf, headOf });
  try {
    const { value, diagnostics } = analyzeBootstrap({ text: readFileSync(path, 'utf8'), path });
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length === 0) return planBootstrap(whole, { kindOf, headOf, file: { path, value } });
    const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
    const line = errors[0]?.range === undefined ? '' : `:${errors[0].range.start.line + 1}`;
    return { kind: 'error', reason: `${path}${line}: ${errors[0]?.message.replace(/\.$/, '')}${more}` };
  } catch (error) {
    return { kind: 'error', reason: `${path} cannot be read: ${messageOf(error)}` };
  }
}

/** What cannot be looked at counts as missing. */
const kindOf: PlanFacts['kindOf'] = (path) => {
  try {
    const stat = statSync(path);
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
  } catch {
    return 'missing';
  }
};

const HEAD_BYTES = 256;

function headOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      return bytes.toString('latin1', 0, readSync(file, bytes, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

/** The plan with all that it sends, or why it cannot run. */
export type Gathered =
  | Exclude<Planned, { kind: 'run' }>
  | (Extract<Planned, { kind: 'run' }> & { readonly artifact: Artifact });

export function gather(vm: VmDefinition, request: Pick<PlanRequest, 'mode' | 'only'>): Gathered {
  const planned = gatherPlan(vm, request);
  if (planned.kind !== 'run') return planned;
  try {
    return { ...planned, artifact: readArtifact(planned.plan) };
  } catch (error) {
    if (error instanceof PayloadError || (error instanceof Error && 'syscall' in error))
      return { kind: 'error', reason: error.message };
    throw error;
  }
}
