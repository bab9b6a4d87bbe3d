import type {
  BootstrapEvent,
  BootstrapStep,
  PlanBootstrapOutcome,
  PlannedBootstrap,
  VmBootstrapResult,
} from '../../contract/bootstrap.ts';
import type { EventOf } from '../../contract/events.ts';
import type { EventLine } from './eventLine.ts';
import { formatBytes, formatDuration, painter } from './format.ts';
import { harmless } from './print.ts';

const out = (text: string): EventLine => ({ stream: 'stdout', text });
const err = (text: string): EventLine => ({ stream: 'stderr', text });

/** One event as one line; the reason of a failure comes with the end of the command. */
export function renderBootstrap(event: BootstrapEvent): EventLine | undefined {
  switch (event.type) {
    case 'bootstrap.started':
      return out(`→ ${event.vm}: bootstrap: ${event.reason}; log ${event.logPath}`);
    case 'bootstrap.step':
      return renderStep(event);
    case 'bootstrap.skipped':
      return out(`→ ${event.vm}: bootstrap skipped: ${event.reason}.`);
    case 'bootstrap.completed':
      return out(
        `→ ${event.vm}: bootstrap done after ${formatDuration(event.durationMs)}${event.status === 'noop' ? '; there was nothing to do' : ''}.`,
      );
    case 'bootstrap.failed':
      return err(`→ ${event.vm}: bootstrap failed.`);
    case 'bootstrap.summary':
      return event.vms.length < 2 ? undefined : out(renderSummary(event.vms));
    case 'bootstrap.planned':
    case 'bootstrap.progress':
    case 'bootstrap.output':
      return undefined;
  }
}

function renderStep(event: EventOf<'bootstrap.step'>): EventLine | undefined {
  const { vm, status, durationMs = 0, detail } = event;
  const head = `→ ${vm}: ${titleOf(event)}`;
  const why = detail === undefined ? '' : ` (${detail})`;
  switch (status) {
    case 'started':
      return undefined;
    case 'waiting':
      return out(`${head} waits ${detail ?? ''}`);
    case 'retrying':
      return err(`${head}: trying again${why}`);
    case 'failed':
      return err(`${head} failed after ${formatDuration(durationMs)}${why}`);
    case 'skipped':
      return out(`${head} skipped${why}`);
    case 'noop':
      return out(`${head}: nothing to do, ${formatDuration(durationMs)}${why}`);
    case 'success':
      return out(`${head}: ${formatDuration(durationMs)}${why}`);
  }
}

/** `apply app` */
export const titleOf = ({ step, name }: Pick<BootstrapStep, 'step' | 'name'>): string =>
  name === undefined ? step : `${step} ${name}`;

function renderSummary(vms: readonly VmBootstrapResult[]): string {
  const words = vms.map((vm) => {
    if (vm.status === 'skipped' || vm.status === 'cancelled') return `${vm.vm} ${vm.status}`;
    const steps = vm.steps.filter(({ status }) => status === 'skipped').length;
    const skipped = steps === 0 ? '' : `, ${steps} skipped`;
    return `${vm.vm} ${vm.status} (${formatDuration(vm.durationMs)}${skipped})`;
  });
  return `Bootstraps: ${words.join(', ')}`;
}

/** For --verbose: each line after the name of its VM. */
export function renderBootstrapOutput({ vm, stream, text }: EventOf<'bootstrap.output'>): string {
  const target = process[stream];
  const prefix = painter(target)('cyan', `[${vm}]`);
  const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
  return lines
    .split('\n')
    .map((line) => `${prefix} ${harmless(line, target)}`)
    .join('\n');
}

const actions: Readonly<Record<PlannedBootstrap['action'], string>> = {
  'would-run': 'would run',
  'would-skip': 'would skip',
  error: 'cannot run',
};

/** A paragraph for each VM. */
export function renderPlan({ vms }: PlanBootstrapOutcome): string {
  return vms.map(renderPlanned).join('');
}

function renderPlanned(plan: PlannedBootstrap): string {
  const { vm, mode, action, reason, ssh, verify, steps, envKeys } = plan;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['script', plan.scriptPath],
    ['payload', plan.payloadPath && `${plan.payloadPath} (${formatBytes(plan.payloadBytes ?? 0)})`],
    ['to', plan.remoteDir],
    ['login', ssh && `${ssh.user}@${ssh.host}:${ssh.port ?? '(any free port)'}`],
    ['steps', plan.scriptPath === undefined && steps.length > 0 ? steps.map(({ name }) => name).join(', ') : undefined],
    ['env', envKeys.length > 0 ? envKeys.join(', ') : undefined],
    ['verify', verify && [verify.command, verify.path].filter((each) => each !== undefined).join('; ')],
    ...plan.warnings.map((text) => ['warning', text] as const),
  ];
  const lines = rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name}: ${value}\n`]));
  return [`${vm}: ${actions[action]} (${mode}): ${reason}\n`, ...lines].join('');
}
