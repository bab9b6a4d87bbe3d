import { readTextIfAny } from './files.ts';
import { projectFiles } from './layout.ts';

/** As randomUUID makes it. What a folder says is never used as a file name before it was held against this. */
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isRootId = (text: string): boolean => ID.test(text);

/** The id that a state root carries; undefined for a folder that has none, or none of ours. */
export function readRootId(stateRoot: string): string | undefined {
  const text = readTextIfAny(projectFiles(stateRoot).id)?.trim() ?? '';
  return isRootId(text) ? text : undefined;
}
