import { freeHostPorts } from '../completion/ports.ts';
import type { FixMaker } from './fix.ts';
import { valueAt } from './places.ts';

/** Another port of the host, which nothing in this file wants. */
export const chooseHostPort: FixMaker = (analysis, { span }) => {
  const found = valueAt(analysis, span.from);
  if (found === undefined || found.path.at(-1) !== 'host') return [];
  const { path, value } = found;
  const place = { from: value.from, to: value.to };
  const [free] = freeHostPorts(analysis, path.slice(0, -1));
  const any = { title: 'Use any free port when the VM starts (`host = 0`)', changes: [{ ...place, text: '0' }] };
  if (free === undefined) return [any];
  const next = { title: `Use host port ${free}`, changes: [{ ...place, text: String(free) }], isPreferred: true };
  return [{ ...next, claim: `host ${free}` }, any];
};
