import { relative } from 'node:path';
import type { CleanOutcome, CleanupEvent } from '../../contract/clean.ts';
import type { EventLine } from './eventLine.ts';
import { formatBytes, formatPath } from './format.ts';

export function renderCleanup(event: CleanupEvent): EventLine | undefined {
  switch (event.type) {
    case 'cleanup.started':
      return { stream: 'stdout', text: `State root: ${formatPath(event.stateRoot)}` };
    case 'cleanup.removed':
      return line('stdout', 'removed', event, formatBytes(event.bytes));
    case 'cleanup.planned':
      return line('stdout', 'would remove', event, formatBytes(event.bytes));
    case 'cleanup.skipped':
      return line('stdout', 'left', event, event.reason);
    case 'cleanup.failed':
      return line('stderr', 'failed', event, event.reason);
    case 'cleanup.completed':
      return undefined;
  }
}

type FileEvent = Extract<CleanupEvent, { readonly path: string }>;

function line(
  stream: EventLine['stream'],
  verb: string,
  { kind, path, stateRoot }: FileEvent,
  note: string,
): EventLine {
  const near = relative(stateRoot, path);
  const shown = near === '' || near.startsWith('..') ? path : near;
  return { stream, text: `  ${verb.padEnd(12)} ${kind.padEnd(13)} ${shown} (${note})` };
}

export function renderCleanOutcome({ dryRun, roots, forgotten, images, code, reclaimedBytes }: CleanOutcome): string {
  const actions = [...roots.flatMap((root) => root.actions), ...(images?.files ?? [])];
  const count = actions.filter(({ result }) => result === 'removed' || result === 'planned').length;
  const failed = actions.filter(({ result }) => result === 'failed').length;
  const forgets = dryRun ? 'would be forgotten' : 'forgotten';
  const lines = [
    ...(forgotten.length > 0
      ? [`${plural(forgotten.length, 'project')} ${forgets}: castra.toml and state root are gone.`]
      : []),
    ...(failed > 0 ? [`${plural(failed, 'file')} could not be removed.`] : []),
    ...(code ? [`Compiled code ${dryRun ? 'would be' : 'was'} removed: ${formatBytes(code.bytes)}.`] : []),
    count === 0
      ? code
        ? 'No other file to clean.'
        : 'Nothing to clean.'
      : dryRun
        ? `${plural(count, 'file')} would be removed, ${formatBytes(reclaimedBytes)} reclaimed. Nothing was changed.`
        : `${plural(count, 'file')} removed, ${formatBytes(reclaimedBytes)} reclaimed.`,
  ];
  return `${lines.join('\n')}\n`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
