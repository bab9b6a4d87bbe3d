import type { GuestBus } from '../../runtime/contract/broker.ts';
import { formatBytes } from '../../runtime/contract/bytes.ts';
import type { PortForward } from '../../runtime/contract/vocabulary.ts';
import type { RowState } from '../fleet/rowState.ts';
import type { VmView } from '../fleet/view.ts';
import { say } from '../say.ts';

/** A row of the tree, in words that need no VS Code: tested as data. */
export interface Row {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** A ThemeIcon and, where colour says something too, a ThemeColor. */
  readonly icon: string;
  readonly color?: string;
  readonly contextValue: string;
  /** State in words, for screen readers: they see no icon. */
  readonly spoken: string;
}

const icons: Readonly<Record<RowState, readonly [icon: string, color?: string]>> = {
  stopped: ['vm-outline'],
  starting: ['loading~spin'],
  running: ['vm-running', 'charts.green'],
  degraded: ['warning', 'problemsWarningIcon.foreground'],
  paused: ['debug-pause', 'problemsWarningIcon.foreground'],
  stopping: ['loading~spin'],
  failed: ['error', 'problemsErrorIcon.foreground'],
  orphan: ['question'],
  leftover: ['archive', 'disabledForeground'],
  unknown: ['vm-outline'],
};

/** `id` has nothing that changes: VS Code keeps selection and expansion by it. */
export function vmRow(project: string, vm: VmView): Row {
  const [icon, own] = icons[vm.state];
  const color = vm.stale ? 'disabledForeground' : own;
  const description = describeVm(vm);
  return {
    id: `vm:${project}/${vm.name}`,
    label: vm.name,
    description,
    icon,
    ...(color ? { color } : {}),
    contextValue: `vm.${vm.state}`,
    spoken: speak(vm, description),
  };
}

/** An icon and a dimmed colour say nothing to a screen reader. */
function speak({ name, state, stale }: VmView, description: string): string {
  const words = [name, ...(state === 'failed' ? [say('failed')] : []), description];
  return [...words, ...(stale ? [say('castra.toml has errors')] : [])].join(', ');
}

/** What a port row says to a screen reader: its arrow has no name. */
export function speakPort({ host, guest, protocol }: PortForward): string {
  const udp = protocol === 'udp' ? ' UDP' : '';
  return say('port {0} to {1}, open', host, `${guest}${udp}`);
}

/** State first, ports last: the end is cut off where the view is narrow. */
function describeVm({ state, detail, status }: VmView): string {
  switch (state) {
    case 'starting':
    case 'stopping':
      return detail ?? showState(state);
    case 'running': {
      const ports = (status?.forwards ?? []).filter(({ guest }) => guest !== 22).map(showForward);
      const step = detail === undefined ? [] : [detail];
      return [say('running'), ...step, ...(ports.length > 0 ? [ports.join(', ')] : [])].join(' · ');
    }
    case 'stopped':
      return [say('stopped'), ...size(status?.cpus, status?.memoryMiB)].join(' · ');
    case 'unknown':
      return '';
    default:
      return detail ?? showState(state);
  }
}

function size(cpus?: number, memoryMiB?: number): string[] {
  return [...(cpus === undefined ? [] : [`${cpus} CPU`]), ...(memoryMiB === undefined ? [] : [showMemory(memoryMiB)])];
}

const showMemory = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`);

/** A state without a reason or a step. */
export function showState(state: RowState): string {
  switch (state) {
    case 'stopped':
      return say('stopped');
    case 'starting':
      return say('starting');
    case 'running':
      return say('running');
    case 'degraded':
      return say('degraded');
    case 'paused':
      return say('paused');
    case 'stopping':
      return say('stopping');
    case 'failed':
      return say('failed');
    case 'orphan':
      return say('orphan');
    case 'leftover':
      return say('leftover');
    case 'unknown':
      return say('unknown');
  }
}

export const showForward = ({ host, guest, protocol }: PortForward): string =>
  `:${host === 0 ? 'auto' : host}→${guest}${protocol === 'udp' ? '/udp' : ''}`;

/** Markdown, built when the pointer rests on the row. */
export function vmTooltip({ name, state, detail, failure, status }: VmView): string {
  const lines = [`**${escapeMarkdown(name)}** — ${showState(state)}${detail ? `: ${escapeMarkdown(detail)}` : ''}`];
  const sizes = size(status?.cpus, status?.memoryMiB);
  if (sizes.length > 0) lines.push(sizes.join(' · ') + (status?.accelerator ? ` · ${status.accelerator}` : ''));
  if (status?.uptimeMs !== undefined) lines.push(say('Up for {0}, pid {1}', coarse(status.uptimeMs), status.pid ?? 0));
  for (const forward of status?.forwards ?? []) {
    lines.push(
      `\`${forward.bind}:${forward.host === 0 ? 'auto' : forward.host}\` → ${forward.guest}/${forward.protocol}`,
    );
  }
  if (status?.bus) lines.push(describeBus(status.bus));
  if (status?.overlayBytes !== undefined) lines.push(say('Disk: {0}', formatBytes(status.overlayBytes)));
  if (failure !== undefined) lines.push(`\`\`\`text\n${failure.replaceAll('`', "'")}\n\`\`\``);
  return lines.join('\n\n');
}

/** Whether the guest's agent talks to the broker. */
function describeBus({ connected, fresh, transport, ageMs }: GuestBus): string {
  if (!fresh) return say('Bus: silent for {0}', coarse(ageMs));
  return connected ? say('Bus: connected over {0}', transport) : say('Bus: said hello over {0}', transport);
}

/** Coarse on purpose: a row that ticks is redrawn for ever. */
export function coarse(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return say('less than a minute');
  if (minutes < 60) return say('{0} min', minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? say('{0} h', hours) : say('{0} days', Math.floor(hours / 24));
}

const escapeMarkdown = (text: string): string => text.replace(/[\\`*_{}[\]()#+\-.!|<>]/g, '\\$&');
