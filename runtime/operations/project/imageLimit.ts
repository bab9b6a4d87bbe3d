import { DEFAULT_MAX_IMAGE_BYTES } from '../../config/defaults.ts';
import { CastraError } from '../../contract/failures.ts';
import type { ProjectOptions } from '../../contract/project.ts';
import { loadProject } from './openProject.ts';

/** `[images] max_size` of the project here; the default where there is none, or its castra.toml has errors. */
export function imageLimit(options: ProjectOptions): number {
  try {
    return loadProject(options).project.maxImageBytes;
  } catch (error) {
    if (error instanceof CastraError) return DEFAULT_MAX_IMAGE_BYTES;
    throw error;
  }
}
