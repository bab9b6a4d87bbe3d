import type { GuestBus } from '../../contract/broker.ts';
import type { StatusOutcome, VmState, VmStatus } from '../../contract/vms.ts';
import type { BootstrapStatus, ChangingCommand } from '../../contract/vocabulary.ts';
import { renderForwards } from './events.ts';
import { type Color, formatBytes, formatClock, formatDuration, formatPath, painter } from './format.ts';

const columns = ['VM', 'STATE', 'CPU/MEM', 'UPTIME', 'BUS', 'BUS AGE', 'FORWARDS'] as const;
const rightAligned = new Set<string>(['CPU/MEM', 'UPTIME', 'BUS AGE']);

const stateColors: Readonly<Record<VmState, Color>> = {
  running: 'green',
  starting: 'yellow',
  shutting_down: 'yellow',
  paused: 'yellow',
  orphaned: 'yellow',
  stopped: 'dim',
  error: 'red',
};

/** The table, then what needs a sentence. */
export function renderStatus(outcome: StatusOutcome, stream: NodeJS.WriteStream): string {
  const { vms, operation, configErrors } = outcome;
  const busy = operation
    ? [`Now: ${nameOf(operation.command)} (pid ${operation.pid}), for ${formatDuration(age(operation.startedAt))}`]
    : [];
  const bootstraps = vms.flatMap(({ name, bootstrap }) => (bootstrap ? [renderBootstrap(name, bootstrap)] : []));
  const notes = vms.flatMap((vm) => (vm.reason ? [`${vm.name}: ${vm.reason}`] : []));
  const disks = vms.flatMap((vm) =>
    vm.overlayBytes === undefined ? [] : [`${vm.name} ${formatBytes(vm.overlayBytes)}`],
  );
  return [
    `Project: ${outcome.projectName} (${formatPath(outcome.projectPath)})`,
    ...busy,
    ...brokerLine(outcome),
    '',
    ...(vms.length === 0 ? [configErrors ? NONE_KNOWN : 'No VMs.'] : renderTable(vms, stream)),
    ...(disks.length > 0 ? ['', `Overlays on disk: ${disks.join(', ')}`] : []),
    ...(bootstraps.length > 0 ? ['', ...bootstraps] : []),
    ...(notes.length > 0 ? ['', ...notes] : []),
    '',
  ].join('\n');
}

/** How far it came, and where to read on. */
function renderBootstrap(name: string, { state, step, since, reason, logPath }: BootstrapStatus): string {
  const took = since === undefined ? '' : ` for ${formatDuration(age(since))}`;
  const log = logPath === undefined ? '' : `; log ${formatPath(logPath)}`;
  switch (state) {
    case 'pending':
      return `${name}: its bootstrap has not run on this disk`;
    case 'running':
      return `${name}: its bootstrap runs (${step ?? 'begins'}${took})${log}`;
    case 'done':
      return `${name}: its bootstrap is done`;
    case 'failed':
      return `${name}: its bootstrap failed${step === undefined ? '' : ` at ${step}`}${reason === undefined ? '' : `: ${reason}`}${log}`;
  }
}

function nameOf(command: ChangingCommand): string {
  return command === 'unknown' ? 'another Castra command' : `castra ${command}`;
}

/** A file with errors declares nothing that could be relied on. */
const NONE_KNOWN = 'No VM was started here, and castra.toml has errors. Correct it to list its VMs.';

function age(startedAt: string): number {
  return Math.max(0, Math.round((Date.now() - Date.parse(startedAt)) / 1000) * 1000);
}

function renderTable(vms: readonly VmStatus[], stream: NodeJS.WriteStream): string[] {
  const rows = vms.map(cells);
  const widths = columns.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const paint = painter(stream);
  const line = (row: readonly string[], state?: VmState) =>
    row
      .map((cell, index) => {
        const padded = pad(cell, index, widths);
        return state !== undefined && columns[index] === 'STATE' ? paint(stateColors[state], padded) : padded;
      })
      .join('  ')
      .trimEnd();
  return [line(columns), ...rows.map((row, index) => line(row, vms[index]?.state))];
}

function pad(cell: string, index: number, widths: readonly number[]): string {
  const name = columns[index];
  if (name === 'FORWARDS') return cell;
  const width = widths[index] ?? 0;
  return name !== undefined && rightAligned.has(name) ? cell.padStart(width) : cell.padEnd(width);
}

function cells(vm: VmStatus): string[] {
  const size = vm.cpus === undefined || vm.memoryMiB === undefined ? '—' : `${vm.cpus}/${vm.memoryMiB}MiB`;
  const uptime = vm.uptimeMs === undefined ? '—' : formatClock(vm.uptimeMs);
  const state = vm.state === 'starting' && vm.phase ? `starting (${vm.phase})` : vm.state;
  return [vm.name, state, size, uptime, ...busCells(vm.bus), renderForwards(vm.forwards)];
}

/** `silent`: it was heard of in this launch, and not within the last 45 s. */
function busCells(bus: GuestBus | undefined): string[] {
  if (bus === undefined) return ['—', '—'];
  const word = bus.fresh ? (bus.connected ? 'connected' : 'hello') : 'silent';
  return [word, formatClock(bus.ageMs)];
}

const NOT_RUNNING = 'Broker: not running; the next `castra up` or `castra bus` starts it';

/** Without VMs there is nothing for a broker to do. */
function brokerLine({ broker, vms }: StatusOutcome): string[] {
  switch (broker.state) {
    case 'running':
      return [`Broker: 127.0.0.1:${broker.port} (pid ${broker.pid})`];
    case 'stopped':
      return vms.some(({ pid }) => pid !== undefined) ? [NOT_RUNNING] : [];
    case 'off':
      return [];
  }
}
