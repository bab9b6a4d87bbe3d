import type { InlayHint, InlayHintParams, ServerCapabilities } from 'vscode-languageserver';
import type { Span } from '../../runtime/config/toml/syntax.ts';
import type { TableNode } from '../../runtime/config/toml/tree.ts';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { type InlaySettings, inlaySettings } from '../inlaySettings.ts';
import { targetOf } from '../text/pathStrings.ts';
import { findRoles, type Role, rows, stringAt, valueAt } from '../text/roles.ts';
import { castraSchema, schemaAt } from '../text/schema.ts';

export function serveInlayHints(context: FeatureContext): ServerCapabilities {
  const { connection, documents, guard } = context;
  const settings = inlaySettings(context);
  connection.languages.inlayHint.on(
    guard('inlayHint', async ({ textDocument, range }: InlayHintParams) => {
      const chosen = await settings();
      const analysis = documents.analysis(textDocument.uri);
      if (analysis === undefined) return [];
      const { positions } = analysis;
      return inlayHints(analysis, { from: positions.offset(range.start), to: positions.offset(range.end) }, chosen);
    }),
  );
  return { inlayHintProvider: true };
}

interface Hint {
  /** The offset it stands behind. */
  readonly at: number;
  readonly label: string;
  readonly tooltip: string;
}

/** What is not written but true, within a stretch of the text. */
export function inlayHints(analysis: Analysis, { from, to }: Span, settings: InlaySettings): InlayHint[] {
  if (!settings.enable) return [];
  const isShown = ({ at }: Hint) => from <= at && at <= to;
  // All tables of a role stand before the next role.
  const isNear = ({ span }: Role, index: number, all: readonly Role[]) =>
    (span?.from ?? 0) <= to && (all[index + 1]?.span?.from ?? to) >= from;
  return findRoles(analysis)
    .filter(isNear)
    .flatMap((role) => [
      ...(settings.defaults ? defaultHints(role) : []),
      ...(settings.replicas ? replicaHints(role) : []),
      ...(settings.ports ? portHints(role) : []),
      ...(settings.overlay ? overlayHints(role, analysis) : []),
    ])
    .filter(isShown)
    .sort((a, b) => a.at - b.at)
    .map(({ at, label, tooltip }) => ({
      position: analysis.positions.position(at),
      label,
      tooltip,
      paddingLeft: true,
    }));
}

function defaultHints({ table }: Role): Hint[] {
  const { header, entries } = table;
  if (header === undefined || !header.isClosed) return [];
  const missing = ['cpus', 'memory'].filter((key) => !entries.has(key));
  if (missing.length === 0) return [];
  const value = (key: string) => schemaAt(castraSchema, ['vms', key])?.default;
  const label = missing.map((key) => (key === 'cpus' ? `${value(key)} cpus` : String(value(key)))).join(' · ');
  const written = missing.map((key) => `\`${key} = ${JSON.stringify(value(key))}\``).join(', ');
  return [{ at: header.to, label, tooltip: `Castra's default: ${written}` }];
}

function replicaHints({ table, vms, name }: Role): Hint[] {
  const count = valueAt(table, 'count');
  const [first, last] = [vms[0], vms.at(-1)];
  if (count?.kind !== 'integer' || name === '' || !first || !last || first === last) return [];
  const label = vms.length === 2 ? `${first.name}, ${last.name}` : `${first.name} … ${last.name}`;
  return [{ at: count.to, label, tooltip: `${vms.length} VMs: ${enumerate(vms.map((vm) => vm.name))}` }];
}

/** Each replica gets the next port, except those that have a list of their own. */
function portHints({ table, vms, name }: Role): Hint[] {
  const instances = rows(table.entries.get('instances')?.node).map((instance) => instance.table);
  const own = instances
    .filter(({ entries }) => entries.has('port_forwards'))
    .map((each) => stringAt(each, 'id')?.value);
  const apart = new Set(own);
  const sharing = vms.filter((vm) => !apart.has(vm.name));
  const [first, last] = [sharing[0], sharing.at(-1)];
  if (name === '' || !first || !last || first === last) return [];
  return rows(table.entries.get('port_forwards')?.node).flatMap(({ table: forward }) => {
    const host = valueAt(forward, 'host');
    if (host?.kind !== 'integer' || typeof host.value !== 'number' || host.value < 1) return [];
    const base = host.value;
    if (base + last.index > 65535) return [];
    const label = `${base + first.index}–${base + last.index}`;
    const ports = sharing.map((vm) => `${vm.name}: ${base + vm.index}`);
    return [{ at: host.to, label, tooltip: `Ports on the host: ${enumerate(ports)}` }];
  });
}

function overlayHints({ table, vms }: Role, analysis: Analysis): Hint[] {
  const instances = rows(table.entries.get('instances')?.node).map((instance) => instance.table);
  const numbered = vms.length > 1 ? ' for the first replica; the others have their number before its extension' : '';
  return [
    ...overlayHint(table, ['vms', 'overlay'], analysis, numbered),
    ...instances.flatMap((instance) => overlayHint(instance, ['vms', 'instances', 'overlay'], analysis, '')),
  ];
}

const MAX_PATH = 60;

function overlayHint(table: TableNode, names: readonly string[], analysis: Analysis, note: string): Hint[] {
  const written = stringAt(table, 'overlay');
  if (written === undefined || written.isOpen) return [];
  const target = targetOf(names, written.value, analysis);
  if (target?.kind !== 'path' || target.path === written.value) return [];
  const { path } = target;
  const label = `→ ${path.length > MAX_PATH ? `…${path.slice(-MAX_PATH)}` : path}`;
  return [{ at: written.to, label, tooltip: `${path}${note}` }];
}

const MAX_LISTED = 12;

function enumerate(items: readonly string[]): string {
  const more = items.length - MAX_LISTED;
  return more > 0 ? `${items.slice(0, MAX_LISTED).join(', ')} and ${more} more` : items.join(', ');
}
