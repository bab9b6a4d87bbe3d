import { basicString } from '../../../runtime/config/toml/write.ts';
import type { FixMaker } from './fix.ts';
import { closedStringAt, tableAt } from './places.ts';

/** A VM's name to the nearest allowed one, where nothing else in the file speaks of it. */
export const renameVm: FixMaker = (analysis, { finding, span }) => {
  const name = /^Call it "([a-z0-9-]+)"\.$/.exec(finding.help ?? '')?.[1];
  const found = closedStringAt(analysis, span.from);
  if (name === undefined || found === undefined) return [];
  const { path, value } = found;
  const others = analysis.placed.filter((one) => one.path[1] !== path[1]);
  const isTaken = others.some(({ vm }) => vm.role === name || vm.name === name);
  const isNeeded = others.some(({ vm }) => vm.needs.some((need) => need.startsWith(value.value)));
  if (isTaken || isNeeded || tableAt(analysis, path.slice(0, -1))?.entries.has('instances')) return [];
  const changes = [{ from: value.from, to: value.to, text: basicString(name) }];
  return [{ title: `Rename to "${name}"`, changes, isPreferred: true, claim: `vm ${name}` }];
};
