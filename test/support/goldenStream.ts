import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CliResult } from './cli.ts';

/** Fields that differ from run to run, and what stands for them. */
const VOLATILE: Readonly<Record<string, string>> = {
  at: '<time>',
  castra: '<version>',
  elapsedMs: '<ms>',
  totalMs: '<ms>',
  uptimeMs: '<ms>',
  startedAt: '<time>',
  fetchedAt: '<time>',
  lastUsedAt: '<time>',
  bytes: '<bytes>',
  overlayBytes: '<bytes>',
  reclaimedBytes: '<bytes>',
  pid: '<pid>',
  sshPort: '<port>',
  port: '<port>',
  brokerPort: '<port>',
  uuid: '<uuid>',
  // For people; it may change (docs/json.md).
  message: '<message>',
};

export interface Mask {
  /** Texts to replace, such as the project's folder, by what stands for them. */
  readonly texts: Readonly<Record<string, string>>;
  /** Types of lines that depend on the host or on timing. */
  readonly without?: readonly string[];
  /** Further fields that depend on the host. */
  readonly fields?: Readonly<Record<string, string>>;
}

/**
 * The lines of `--json` with volatile fields masked, one JSON object per line. Events of several VMs, and a command's two
 * output streams, come in any order, and so do those of the broker; so events between the first and the last line are
 * grouped by these.
 */
export function maskStream(result: CliResult, mask: Mask): string {
  const text = Object.entries(mask.texts).reduce((all, [from, to]) => all.replaceAll(from, to), result.stdout);
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line, maskField({ ...VOLATILE, ...mask.fields })) as Line);
  const kept = lines.filter(({ type }) => !mask.without?.includes(type));
  const [first, ...rest] = kept;
  const last = rest.pop();
  const groups = [...rest].sort((a, b) => groupOf(a).localeCompare(groupOf(b)));
  return `${[first, ...groups, last].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

interface Line {
  readonly type: string;
  readonly vm?: string;
  readonly stream?: string;
}

function groupOf({ type, vm = '', stream = '' }: Line): string {
  return `${vm} ${stream} ${/^broker\./.exec(type) ?? ''}`;
}

function maskField(volatile: Readonly<Record<string, string>>) {
  return (key: string, value: unknown): unknown => {
    // A host port that was chosen; ports that castra.toml names are below those that the kernel gives away.
    if (key === 'host' && typeof value === 'number' && value > 30_000) return '<port>';
    return value !== undefined && typeof value !== 'object' ? (volatile[key] ?? value) : value;
  };
}

/** What the golden file holds. `CASTRA_UPDATE_GOLDEN=1` writes it first: a change of the contract, for CHANGELOG.md. */
export function golden(path: string, actual: string): string {
  if (process.env.CASTRA_UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
  }
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
