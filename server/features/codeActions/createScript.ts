import { dirname, relative } from 'node:path';
import type { FixMaker } from './fix.ts';
import { closedStringAt } from './places.ts';

/** A role with hundreds of replicas lacks one script each. */
const MAX_SCRIPTS = 5;

/** Makes a script that a VM's bootstrap runs: one that is named here, or that must be at its default place. */
export const createScript: FixMaker = (analysis, { span }) => {
  const found = closedStringAt(analysis, span.from);
  if (found === undefined || !analysis.uri.startsWith('file:')) return [];
  const place = found.path.join('.');
  const files = analysis.placed
    .flatMap((vm) => vm.files)
    .filter(({ what, path }) => what === 'bootstrap script' && path.join('.') === place)
    .map(({ file }) => file);
  const folder = dirname(analysis.draft.configPath);
  return [...new Set(files)].slice(0, MAX_SCRIPTS).map((creates, _, all) => ({
    title: `Create ${relative(folder, creates)}`,
    changes: [],
    creates,
    ...(all.length === 1 ? { isPreferred: true } : {}),
  }));
};

export const SCRIPT = '#!/bin/sh\nset -eu\n';
