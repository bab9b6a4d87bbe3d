import type { ImageStep } from '../../contract/images.ts';
import type { Run } from '../run.ts';

/** What work on an image is given: its steps are reported for the VMs that wait for it. */
export interface ImageRun {
  readonly report: (step: ImageStep) => void;
  readonly signal: AbortSignal;
}

export function imageRun({ report, signal }: Run, vms: readonly string[]): ImageRun {
  return { report: (step) => report({ ...step, vms }), signal };
}
