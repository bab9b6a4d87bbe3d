import type { BootstrapMode } from '../project.ts';

const modes = new Map<string, BootstrapMode>([
  ['skip', 'skip'],
  ['disabled', 'skip'],
  ['off', 'skip'],
  ['auto', 'auto'],
  ['automatic', 'auto'],
  ['enabled', 'auto'],
  ['always', 'always'],
  ['force', 'always'],
]);

/** What a word means, in any case; undefined for one that means nothing. */
export const bootstrapModeOf = (word: string): BootstrapMode | undefined => modes.get(word.toLowerCase());
