import type { PortForward } from '../../runtime/contract/vocabulary.ts';
import type { RowState, VmView } from '../fleet/view.ts';

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
  unknown: ['vm-outline'],
};

/** `id` has nothing that changes: VS Code keeps selection and expansion by it. */
export function vmRow(project: string, vm: VmView): Row {
  const [icon, color] = icons[vm.state];
  const description = describeVm(vm);
  return {
    id: `vm:${project}/${vm.name}`,
    label: vm.name,
    description,
    icon,
    ...(color ? { color } : {}),
    contextValue: `vm.${vm.state}`,
    spoken: `${vm.name}, ${description}`,
  };
}

/** State first, ports last: the end is cut off where the view is narrow. */
function describeVm({ state, detail, status }: VmView): string {
  switch (state) {
    case 'starting':
    case 'stopping':
      return detail ?? state;
    case 'running': {
      const ports = (status?.forwards ?? []).filter(({ guest }) => guest !== 22).map(showForward);
      return ['running', ...(ports.length > 0 ? [ports.join(', ')] : [])].join(' · ');
    }
    case 'stopped':
      return ['stopped', ...size(status?.cpus, status?.memoryMiB)].join(' · ');
    case 'unknown':
      return '';
    default:
      return detail ?? state;
  }
}

function size(cpus?: number, memoryMiB?: number): string[] {
  return [...(cpus === undefined ? [] : [`${cpus} CPU`]), ...(memoryMiB === undefined ? [] : [showMemory(memoryMiB)])];
}

const showMemory = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`);

export const showForward = ({ host, guest, protocol }: PortForward): string =>
  `:${host === 0 ? 'auto' : host}→${guest}${protocol === 'udp' ? '/udp' : ''}`;

/** Markdown, built when the pointer rests on the row. */
export function vmTooltip({ name, state, detail, failure, status }: VmView): string {
  const lines = [`**${escapeMarkdown(name)}** — ${state}${detail ? `: ${escapeMarkdown(detail)}` : ''}`];
  const sizes = size(status?.cpus, status?.memoryMiB);
  if (sizes.length > 0) lines.push(sizes.join(' · ') + (status?.accelerator ? ` · ${status.accelerator}` : ''));
  if (status?.uptimeMs !== undefined) lines.push(`Up for ${coarse(status.uptimeMs)}, pid ${status.pid}`);
  for (const forward of status?.forwards ?? []) {
    lines.push(
      `\`${forward.bind}:${forward.host === 0 ? 'auto' : forward.host}\` → ${forward.guest}/${forward.protocol}`,
    );
  }
  if (status?.overlayBytes !== undefined)
    lines.push(`Disk: ${showMemory(Math.ceil(status.overlayBytes / 1024 / 1024))}`);
  if (failure !== undefined) lines.push(`\`\`\`text\n${failure.replaceAll('`', "'")}\n\`\`\``);
  return lines.join('\n\n');
}

/** Coarse on purpose: a row that ticks is redrawn for ever. */
export function coarse(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

const escapeMarkdown = (text: string): string => text.replace(/[\\`*_{}[\]()#+\-.!|<>]/g, '\\$&');
