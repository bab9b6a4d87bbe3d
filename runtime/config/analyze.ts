import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { Diagnostic } from '../diagnostics.ts';
import type { AcceleratorChoice } from '../options.ts';
import { findConflicts } from './conflicts.ts';
import { asTable, type Fields, integer, secondsToMs, tables, text, texts } from './fields.ts';
import { collectFindings, type Findings } from './findings.ts';
import { resolveNeeds } from './needs.ts';
import { defaultStateRoot } from './paths.ts';
import type { LogLimits, ProjectConfig, ProjectPlace } from './project.ts';
import { checkQemuArguments } from './qemuArguments.ts';
import { expandRole } from './replicas.ts';
import { checkSchema } from './schema.ts';
import { applySuppressions, readSuppressions, type Suppression } from './suppressions.ts';
import { analyzeToml } from './toml/meaning.ts';
import { parseToml } from './toml/parser.ts';
import { type LineIndex, lineIndex, offsetAt } from './toml/positions.ts';
import type { TomlError as SyntaxFault, TomlDocument } from './toml/syntax.ts';
import type { TableNode } from './toml/tree.ts';
import { parseMiB } from './units.ts';
import { classifyVersion } from './version.ts';
import { interpretVm, type PlacedVm } from './virtualMachine.ts';

/** A castra.toml, and what its meaning depends on outside of it. */
export interface ConfigSource {
  readonly text: string;
  /** Real and absolute: the project's identity comes from it. */
  readonly path: string;
  /** Castra's home, for the default state root. */
  readonly home: string;
  /** Names of the folders below `<home>/projects`. */
  readonly knownProjects?: readonly string[];
}

/** What an editor needs besides: the text as it was understood, whether or not it is valid. */
export interface ConfigSyntax {
  readonly document: TomlDocument;
  readonly tree: TableNode;
  readonly index: LineIndex;
}

export interface ConfigAnalysis {
  readonly place: ProjectPlace;
  readonly syntax: ConfigSyntax;
  /** The project as far as it can be understood; `project` is the same once nothing is wrong. */
  readonly draft: ProjectConfig;
  /** The VMs of the draft, and where in the text they come from. */
  readonly placed: readonly PlacedVm[];
  /** Undefined when a diagnostic is an error. */
  readonly project?: ProjectConfig;
  /** What comments hide: for findings that are made besides these. */
  readonly suppressions: readonly Suppression[];
  /** Everything that was found and is not hidden, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Text in, project and diagnostics out: the one pipeline of `validate`, `up` and the editor. Pure, never throws, and
 * reports all problems of a file at once.
 */
export function analyzeConfig(source: ConfigSource): ConfigAnalysis {
  const document = parseToml(source.text);
  const { tree, value, errors } = analyzeToml(document, readFloat);
  const index = lineIndex(source.text);
  const findings = collectFindings(tree, source.text, index, source.path);
  reportSyntax([...document.errors, ...errors], source.text, findings);
  checkSchema(value, tree, findings);
  const { draft, placed } = interpretProject(value, source, findings);
  const suppressions = readSuppressions(document, index);
  const diagnostics = applySuppressions(findings.list(), suppressions, { path: source.path, index });
  const { name, configPath, stateRoot } = draft;
  const valid = diagnostics.every((diagnostic) => diagnostic.severity !== 'error');
  const place = { name, configPath, stateRoot };
  const syntax = { document, tree, index };
  return { place, syntax, draft, placed, suppressions, diagnostics, ...(valid ? { project: draft } : {}) };
}

/** No key takes a fraction, and `2.0` is one to TOML: 2 would pass for a whole number in the checks that follow. */
const readFloat = (value: number): number => (Number.isInteger(value) ? Number.NaN : value);

/**
 * smol-toml decides whether the text is TOML, our own parser says where it is not. What only ours objects to is a
 * warning; what only smol-toml objects to is an error at the place it names.
 */
function reportSyntax(faults: readonly SyntaxFault[], source: string, findings: Findings): void {
  const verdict = judge(source);
  for (const fault of faults) {
    const finding = {
      severity: verdict ? 'error' : 'warning',
      code: `toml/${fault.code}`,
      message: sentence(fault.message),
    } as const;
    findings.reportSpan(fault, finding, fault.related);
  }
  if (verdict && faults.length === 0) {
    const index = lineIndex(source);
    const at = offsetAt(index, { line: verdict.line, column: verdict.column });
    const to = Math.min(at + 1, source.length);
    const message = sentence(verdict.message.split('\n')[0] ?? 'Invalid TOML');
    findings.reportSpan({ from: at, to }, { severity: 'error', code: 'toml/invalid', message });
  }
}

function judge(source: string): TomlError | undefined {
  try {
    parse(source, { integersAsBigInt: 'asNeeded' });
    return undefined;
  } catch (error) {
    if (error instanceof TomlError) return error;
    throw error;
  }
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

const DEFAULT_BROKER_PORT = 7070;

interface Interpretation {
  readonly draft: ProjectConfig;
  readonly placed: readonly PlacedVm[];
}

function interpretProject(value: Fields, source: ConfigSource, findings: Findings): Interpretation {
  const version = text(value.version);
  const versionClass = classifyVersion(version, findings);
  const place = locateProject(value, source);
  const brokerPort = integer(asTable(value.broker)?.port, 1, 65535) ?? DEFAULT_BROKER_PORT;
  const context = {
    folders: { project: dirname(source.path), stateRoot: place.stateRoot },
    accelerator: (text(asTable(value.project)?.accelerator) ?? 'auto') as AcceleratorChoice,
    bootstrap: asTable(value.bootstrap) ?? {},
    findings,
  };
  const roles = tables(value.vms);
  const single = roles.flatMap((table, index) => {
    const path = ['vms', index];
    if (table === undefined) return [];
    checkQemuArguments(table, path, findings);
    return expandRole(table, path, versionClass, findings).map((replica) => interpretVm(replica, context));
  });
  const placed = resolveNeeds(single, roles, findings);
  findConflicts(placed, { brokerPort, configPath: source.path }, findings);
  const draft = {
    ...place,
    version: version ?? '',
    brokerPort,
    lifecycle: readLifecycle(asTable(value.lifecycle) ?? {}),
    mirrors: texts(asTable(value.images)?.mirrors),
    logs: readLogLimits(asTable(value.logs) ?? {}, findings),
    vms: placed.map(({ vm }) => vm),
    initWorkflow: texts(asTable(value.workflows)?.init),
  };
  return { draft, placed };
}

function locateProject(value: Fields, { path, home, knownProjects = [] }: ConfigSource): ProjectPlace {
  const project = asTable(value.project);
  const name = text(project?.name) ?? '';
  const stateDir = text(project?.state_dir);
  const stateRoot =
    stateDir === undefined ? defaultStateRoot(home, path, name, knownProjects) : resolve(dirname(path), stateDir);
  return { name, configPath: path, stateRoot };
}

function readLifecycle(table: Fields): ProjectConfig['lifecycle'] {
  return {
    gracefulMs: secondsToMs(table.graceful_shutdown_wait_secs, 20_000),
    sigtermMs: secondsToMs(table.sigterm_wait_secs, 10_000),
    sigkillMs: secondsToMs(table.sigkill_wait_secs, 5_000, 1),
  };
}

const MIB = 1024 * 1024;
const DEFAULT_LOG_MIB = 16;
const DEFAULT_KEPT_LOGS = 4;

function readLogLimits({ max_size: size, keep }: Fields, findings: Findings): LogLimits {
  const mib = size === undefined ? DEFAULT_LOG_MIB : parseMiB(String(size));
  if (mib === undefined || mib < 1) {
    findings.report({
      severity: 'error',
      code: 'config/invalid-size',
      message: `"${String(size)}" is not a size for logs; the least is 1 MiB.`,
      help: 'Write it as "16 MiB" or "16" (MiB).',
      path: ['logs', 'max_size'],
    });
  }
  return { maxBytes: (mib || DEFAULT_LOG_MIB) * MIB, keep: integer(keep, 1, 1000) ?? DEFAULT_KEPT_LOGS };
}
