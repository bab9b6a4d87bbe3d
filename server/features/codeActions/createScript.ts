import { dirname, resolve } from 'node:path';
import { pathKey } from '../../pathKeys.ts';
import type { FixMaker } from './fix.ts';
import { closedStringAt } from './places.ts';

/** Makes the script that a VM's bootstrap names. */
export const createScript: FixMaker = (analysis, { span }) => {
  const found = closedStringAt(analysis, span.from);
  if (found === undefined || pathKey(found.path)?.name !== 'script' || !analysis.uri.startsWith('file:')) return [];
  const { value } = found.value;
  if (value === '' || value.endsWith('/') || value.includes('\0')) return [];
  const creates = resolve(dirname(analysis.draft.configPath), value);
  return [{ title: `Create ${value}`, changes: [], creates, isPreferred: true }];
};

export const SCRIPT = '#!/bin/sh\nset -eu\n';
