import type { FixMaker } from './fix.ts';
import { valueAt } from './places.ts';

export const setVersion: FixMaker = (analysis, { finding, span }) => {
  const found = valueAt(analysis, span.from);
  if (found === undefined) return [];
  const { from, to } = found.value;
  const isSure = finding.severity === 'error';
  const changes = [{ from, to, text: '"0.2.0"' }];
  return [{ title: 'Write `version = "0.2.0"`', changes, ...(isSure ? { isPreferred: true } : {}) }];
};
