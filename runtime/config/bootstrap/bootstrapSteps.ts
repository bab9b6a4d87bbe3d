import { resolve } from 'node:path';
import type { PlannedStep } from '../../contract/bootstrap.ts';
import { type Fields, integer, secondsToMs, tables, text, textMap, texts } from '../fields.ts';
import type { Findings } from '../findings/findings.ts';

/** What a step runs: a script of this host, or a text. */
export type ScriptSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'inline'; readonly text: string };

/** A `[[steps]]` of a bootstrap.toml. Paths of this host are absolute. */
export interface BootstrapStepFile extends Omit<PlannedStep, 'script'> {
  /** A step may only restart the guest. */
  readonly run?: ScriptSource;
  readonly payload?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What a shell takes for the name of a variable. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const DEFAULT_STEP_TIMEOUT_MS = 3_600_000;

/** Of a file without `steps`, undefined. */
export function readSteps(value: unknown, folder: string): readonly BootstrapStepFile[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return tables(value).flatMap((table) => (table && text(table.name) ? [readStep(table, folder)] : []));
}

function readStep(table: Fields, folder: string): BootstrapStepFile {
  const [run, payload, user, creates, check] = [table.run, table.payload, table.user, table.creates, table.check].map(
    text,
  );
  return {
    name: text(table.name) ?? '',
    env: textMap(table.env),
    timeoutMs: secondsToMs(table.timeout_secs, DEFAULT_STEP_TIMEOUT_MS, 1),
    retries: integer(table.retries, 0, 100) ?? 0,
    needs: texts(table.needs),
    reboot: table.reboot === true,
    ...(run === undefined ? {} : { run: readScript(run, folder) }),
    ...(payload === undefined ? {} : { payload: resolve(folder, payload) }),
    ...(user === undefined ? {} : { user }),
    ...(creates === undefined ? {} : { creates }),
    ...(check === undefined ? {} : { check }),
  };
}

/** The name of a script is one word with a dot or a slash; a command that is one word has neither. */
export function readScript(written: string, folder: string): ScriptSource {
  const isPath = /^[^\s#]\S*$/.test(written) && /[./]/.test(written);
  return isPath ? { kind: 'file', path: resolve(folder, written) } : { kind: 'inline', text: written };
}

/** Names that are given twice, and steps that do nothing. */
export function checkSteps(value: Fields, steps: readonly BootstrapStepFile[] | undefined, findings: Findings): void {
  if (steps === undefined) return;
  const seen = new Set<string>();
  for (const [index, table] of tables(value.steps).entries()) {
    const name = text(table?.name);
    if (table === undefined || name === undefined) continue;
    if (seen.has(name)) reportTwice(name, index, findings);
    seen.add(name);
    const isMentioned = ['run', 'reboot'].some((key) => findings.isMentioned(['steps', index, key]));
    if (text(table.run) === undefined && table.reboot !== true && !isMentioned) reportEmpty(name, index, findings);
  }
}

function reportTwice(name: string, index: number, findings: Findings): void {
  findings.report({
    severity: 'error',
    code: 'config/duplicate-step',
    message: `Two steps are called "${name}".`,
    help: 'Give each step a name of its own: logs and `--step` go by it.',
    path: ['steps', index, 'name'],
  });
}

function reportEmpty(name: string, index: number, findings: Findings): void {
  findings.report({
    severity: 'error',
    code: 'config/empty-step',
    message: `The step "${name}" has nothing to run.`,
    help: 'Add `run`, or `reboot = true` for a step that only restarts the guest.',
    path: ['steps', index, 'name'],
  });
}

/** Names in `needs` of a step that are no VM or role. */
export function checkStepNeeds(
  { needs }: BootstrapStepFile,
  index: number,
  names: readonly string[],
  findings: Findings,
): void {
  for (const [at, need] of needs.entries()) {
    if (names.includes(need)) continue;
    findings.report({
      severity: 'error',
      code: 'config/unknown-need',
      message: `No VM or role is called "${need}".`,
      help: `Known: ${names.slice(0, 10).join(', ') || 'none'}.`,
      path: ['steps', index, 'needs', at],
    });
  }
}
