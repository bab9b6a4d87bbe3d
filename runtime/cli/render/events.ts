import type { Event, EventOf } from '../../contract/events.ts';
import type { ImageEvent } from '../../contract/images.ts';
import type { DiscardReason } from '../../contract/vms.ts';
import type { PortForward } from '../../contract/vocabulary.ts';
import { renderBootstrap } from './bootstrap.ts';
import { renderMessage } from './bus.ts';
import { renderCleanup } from './cleanup.ts';
import { renderDiagnostic } from './diagnostics.ts';
import type { EventLine } from './eventLine.ts';
import { renderExecOutput } from './exec.ts';
import { formatBytes, formatDuration } from './format.ts';
import { logNote, logPrefix } from './logLine.ts';

const out = (text: string): EventLine => ({ stream: 'stdout', text });
const err = (text: string): EventLine => ({ stream: 'stderr', text });

/** One event as one line for people; undefined for those that only a live display shows. */
export function renderEvent(event: Event): EventLine | undefined {
  switch (event.type) {
    case 'diagnostic':
      return err(renderDiagnostic(event.diagnostic, process.stderr).trimEnd());
    case 'message':
      return event.severity === 'info' ? out(event.text) : err(`${event.severity}: ${event.text}`);
    case 'accelerator.selected':
    case 'overlay.prepared':
      return undefined;
    case 'overlay.discarded':
      return out(
        `→ ${event.vm}: overlay discarded${discardWords[event.reason]} (${formatBytes(event.reclaimedBytes)}).`,
      );
    case 'overlay.kept':
      return out(`→ ${event.vm}: overlay kept as ${event.path} (${formatBytes(event.bytes)}).`);
    case 'export.progress':
      return out(`→ ${event.vm}: ${formatBytes(event.doneBytes)} of ${formatBytes(event.totalBytes)} copied.`);
    case 'lock.waiting':
      return out(`→ waiting for ${renderHolder(event)}.`);
    case 'vm.phase':
      return event.phase === 'ready' ? undefined : out(`→ ${event.vm}: ${phaseWords[event.phase]}`);
    case 'vm.launched':
      return out(
        `→ ${event.vm}: launched (pid ${event.pid}, ${event.accelerator}; ${renderForwards(event.forwards)}).`,
      );
    case 'vm.kept':
      return out(`→ ${event.vm}: already running (pid ${event.pid}).`);
    case 'vm.resumed':
      return out(`→ ${event.vm}: resumed (${event.reason}).`);
    case 'vm.rebooting':
      return out(`→ ${event.vm}: ${event.method === 'guest' ? 'asked to reboot' : 'reset'}.`);
    case 'vm.ready':
      return out(`→ ${event.vm}: ready after ${formatDuration(event.elapsedMs)} (${event.evidence}).`);
    case 'vm.not-ready':
      return err(`→ ${event.vm}: not ready after ${formatDuration(event.waitedMs)}, at step "${event.phase}".`);
    case 'vm.failed':
      return err(`→ ${event.vm}: failed.`);
    case 'vm.rolled-back':
      return out(`→ ${event.vm}: rolled back; QEMU is stopped.`);
    case 'image.checksum-wanted':
    case 'image.download-started':
    case 'image.progress':
    case 'image.retrying':
    case 'image.discarded':
    case 'image.verified':
    case 'image.unpacking':
    case 'image.converting':
    case 'image.ready':
      return renderImage(event);
    case 'broker.started':
      return out(`→ broker: listening on 127.0.0.1:${event.port} (pid ${event.pid}).`);
    case 'broker.adopted':
      return out(`→ broker: already listening on 127.0.0.1:${event.port} (pid ${event.pid}).`);
    case 'broker.stopped':
      return event.changed ? out('→ broker: stopped.') : undefined;
    case 'broker.handshake':
      return out(`→ ${event.vm}: its agent said hello to the broker (${event.transport}).`);
    case 'bus.message':
      return out(renderMessage(event));
    case 'cleanup.started':
    case 'cleanup.removed':
    case 'cleanup.planned':
    case 'cleanup.skipped':
    case 'cleanup.failed':
    case 'cleanup.completed':
      return renderCleanup(event);
    case 'log.source':
      return err(`${logPrefix(event, process.stderr)} ${logNote(event) ?? event.path}`);
    case 'log.line':
      return out(`${logPrefix(event, process.stdout)} ${event.text}`);
    case 'exec.output':
      return { stream: event.stream, text: renderExecOutput(event) };
    case 'bootstrap.planned':
    case 'bootstrap.started':
    case 'bootstrap.step':
    case 'bootstrap.progress':
    case 'bootstrap.output':
    case 'bootstrap.skipped':
    case 'bootstrap.completed':
    case 'bootstrap.failed':
    case 'bootstrap.summary':
      return renderBootstrap(event);
    default:
      return renderShutdown(event);
  }
}

/** Progress is for the live display: in a log of a CI job it would only be noise. */
function renderImage(event: ImageEvent): EventLine | undefined {
  switch (event.type) {
    case 'image.checksum-wanted':
      return out(`→ looking for a checksum of ${event.url}`);
    case 'image.download-started': {
      const resumed = event.resumedBytes > 0 ? `, resumed after ${formatBytes(event.resumedBytes)}` : '';
      const size = event.totalBytes === undefined ? '' : ` (${formatBytes(event.totalBytes)}${resumed})`;
      return out(`→ downloading ${event.url}${size}`);
    }
    case 'image.retrying':
      return err(`→ ${event.url}: ${event.reason}; trying again in ${formatDuration(event.delayMs)}.`);
    case 'image.discarded':
      return err(`→ deleted ${event.path}: ${event.reason}.`);
    case 'image.verified':
      return out(`→ verified: ${event.digest}`);
    case 'image.unpacking':
      return out(`→ unpacking ${event.from}`);
    case 'image.converting':
      return out(`→ converting ${event.from} to qcow2`);
    case 'image.progress':
    case 'image.ready':
      return undefined;
  }
}

function renderShutdown(event: Extract<Event, { type: `shutdown.${string}` }>): EventLine | undefined {
  switch (event.type) {
    case 'shutdown.requested':
      return out(`→ ${event.vm}: stopping.`);
    case 'shutdown.cooperative-attempted':
      return event.method === 'acpi'
        ? out(`→ ${event.vm}: power button pressed; waiting up to ${formatDuration(event.timeoutMs)} for the guest.`)
        : undefined;
    case 'shutdown.cooperative-succeeded':
      return out(`→ ${event.vm}: the guest powered off after ${formatDuration(event.elapsedMs)}.`);
    case 'shutdown.cooperative-timed-out':
      return err(`→ ${event.vm}: ${timeoutWords[event.reason]}${event.detail ? ` (${event.detail})` : ''}.`);
    case 'shutdown.escalated':
      return err(`→ ${event.vm}: ${event.signal} sent; waiting up to ${formatDuration(event.timeoutMs)}.`);
    case 'shutdown.completed':
      if (!event.changed) return undefined;
      return out(`→ ${event.vm}: stopped (${event.outcome}, ${formatDuration(event.totalMs)}).`);
    case 'shutdown.failed':
      return err(`→ ${event.vm}: could not be stopped.`);
    default: {
      // The compiler stops here when an event has no line.
      const forgotten: never = event;
      return forgotten;
    }
  }
}

export const phaseWords = {
  image: 'preparing its base image',
  overlay: 'preparing its disk',
  qemu: 'starting QEMU',
  firmware: 'firmware runs',
  kernel: 'kernel runs',
  network: 'the network is up; waiting for the ready signal',
  ready: 'ready',
} as const;

const renderHolder = ({ command, pid, vms }: EventOf<'lock.waiting'>): string =>
  [
    command === 'unknown' ? 'another command' : `castra ${[command, ...vms].join(' ')}`,
    ...(pid === undefined ? [] : [`(pid ${pid})`]),
  ].join(' ');

const discardWords: Readonly<Record<DiscardReason, string>> = {
  shutdown: '',
  orphan: ', left by an earlier run',
  rollback: ', rolled back',
};

const timeoutWords = {
  'timeout-expired': 'the guest did not power off in time',
  'channel-unavailable': 'the guest cannot be asked to power off',
  'channel-error': 'QEMU rejected the request',
} as const;

export function renderForwards(forwards: readonly PortForward[]): string {
  return forwards.map(renderForward).join(', ') || '—';
}

/** Only an address that is not the default is worth the space. */
function renderForward({ bind, host, guest, protocol }: PortForward): string {
  return `${bind === '127.0.0.1' ? '' : `${bind}:`}${host === 0 ? 'auto' : host}->${guest}/${protocol}`;
}
