import { dirname, resolve } from 'node:path';
import { readScript } from '../../runtime/config/bootstrap/bootstrapSteps.ts';
import { pathKey } from '../../runtime/config/pathKeys.ts';
import type { StringValue } from '../../runtime/config/toml/syntax.ts';
import { isUrl } from '../../runtime/config/vms/baseImage.ts';
import { resolveOverlay } from '../../runtime/config/vms/paths.ts';
import { readUserData } from '../../runtime/config/vms/virtualMachine.ts';
import type { Analysis } from '../documents/analysis.ts';
import { type Names, walk } from './walk.ts';

/** What a string of the document leads to. */
export type Target = { readonly kind: 'path'; readonly path: string } | { readonly kind: 'url'; readonly url: string };

/** Whether the strings of a key are, or may be, paths on this host. */
export const isPathKey = (names: Names): boolean => pathKey(names) !== undefined;

/** Where a string leads by the rules of its key; undefined when it is not a path. */
export function targetOf(names: Names, written: string, { place }: Pick<Analysis, 'place'>): Target | undefined {
  if (!isPathKey(names) || written === '' || written.includes('\0')) return undefined;
  const project = dirname(place.configPath);
  const key = names.at(-1);
  if (key === 'overlay')
    return { kind: 'path', path: resolveOverlay(written, { project, stateRoot: place.stateRoot }) };
  if (key === 'base_image' && isUrl(written)) return { kind: 'url', url: written };
  if (key === 'run') {
    const script = readScript(written, project);
    return script.kind === 'file' ? { kind: 'path', path: script.path } : undefined;
  }
  if (key !== 'user_data') return { kind: 'path', path: resolve(project, written) };
  const data = readUserData(written, { project });
  return data?.kind === 'file' ? { kind: 'path', path: data.path } : undefined;
}

export interface PlacedTarget {
  readonly value: StringValue;
  readonly target: Target;
}

/** All of them in the order of the text. Paths of a document that is not saved lead nowhere. */
export function findTargets(analysis: Analysis): readonly PlacedTarget[] {
  const found: PlacedTarget[] = [];
  const isSaved = analysis.uri.startsWith('file:');
  walk(analysis.syntax.document, {
    value(value, names) {
      if (value.kind !== 'string' || value.isOpen) return;
      const target = targetOf(names, value.value, analysis);
      if (target && (isSaved || target.kind === 'url')) found.push({ value, target });
    },
  });
  return found;
}
