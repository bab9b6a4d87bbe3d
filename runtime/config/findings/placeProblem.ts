import type { Diagnostic } from '../../contract/diagnostics.ts';
import type { PortForward } from '../../contract/vocabulary.ts';
import type { ConfigAnalysis } from '../configAnalysis.ts';
import type { HostProblem, Subject } from '../project.ts';
import type { TomlPath } from '../toml/meaning/meaning.ts';
import { rangeOf } from '../toml/positions.ts';
import type { PlacedVm } from '../vms/placedVm.ts';
import { pick } from '../vms/replicas.ts';
import { spanAt } from './findings.ts';

/** The finding at the lines of castra.toml that it is about, if there are any. */
export function placeProblem(
  { about, ...finding }: HostProblem,
  { syntax, placed, place }: Pick<ConfigAnalysis, 'syntax' | 'placed' | 'place'>,
): Diagnostic {
  if (about === undefined) return finding;
  const named = isOfAll(finding) ? finding : { ...finding, vm: about.vm };
  const one = placed.find(({ vm }) => vm.name === about.vm);
  const span = one && spanAt(syntax.tree, pathOf(about, one), 'value');
  if (span === undefined) return named;
  return { ...named, path: place.configPath, range: rangeOf(syntax.index, span.from, span.to) };
}

/** What the VMs need together; `about` only says where that is lowered best. */
const isOfAll = ({ code }: Diagnostic): boolean => code === 'host/cpus' || code === 'host/memory';

function pathOf(about: Subject, one: PlacedVm): TomlPath {
  if ('key' in about) return pick(one.replica, about.key).path;
  const index = one.vm.forwards.findIndex((forward) => isSame(forward, about.forward));
  const path = one.forwardPaths[index];
  // The forward to SSH need not be declared.
  return path === undefined ? one.path : [...path, 'host'];
}

function isSame(a: PortForward, b: PortForward): boolean {
  return a.bind === b.bind && a.host === b.host && a.guest === b.guest && a.protocol === b.protocol;
}
