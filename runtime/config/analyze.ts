import { dirname, resolve } from 'node:path';
import type { BrokerConfig } from '../contract/broker.ts';
import type { AcceleratorChoice, LogLimits } from '../contract/vocabulary.ts';
import type { ConfigAnalysis } from './configAnalysis.ts';
import { DEFAULT_LOG_LIMITS, DEFAULT_MAX_IMAGE_BYTES, DEFAULT_WAITS, DEFAULTS } from './defaults.ts';
import { asTable, type Fields, integer, secondsToMs, tables, text, texts } from './fields.ts';
import type { Findings } from './findings/findings.ts';
import { applySuppressions, readSuppressions } from './findings/suppressions.ts';
import type { ProjectConfig, ProjectPlace } from './project.ts';
import { readDocument } from './readDocument.ts';
import { castraShape } from './schema.ts';
import { classifyVersion } from './version.ts';
import { findConflicts } from './vms/conflicts.ts';
import { interpretRoles, type RoleContext } from './vms/interpretRoles.ts';
import { resolveNeeds } from './vms/needs.ts';
import { defaultStateRoot } from './vms/paths.ts';
import { parseMiB } from './vms/units.ts';

/** A castra.toml, and what its meaning depends on outside of it. */
export interface ConfigSource {
  readonly text: string;
  /** Real and absolute: the project's identity comes from it. */
  readonly path: string;
  /** Castra's home, for the default state root. */
  readonly home: string;
  /** Names of the folders below `<home>/projects`. */
  readonly knownProjects?: readonly string[];
  /** Of an earlier text of the same file: what did not change is taken from it, and the result is the same. */
  readonly earlier?: ConfigAnalysis;
}

/**
 * Text in, project and diagnostics out: the one pipeline of `validate`, `up` and the editor. Pure, never throws, and
 * reports all problems of a file at once.
 */
export function analyzeConfig(source: ConfigSource): ConfigAnalysis {
  const { text, path, earlier } = source;
  const read = readDocument({ text, path, ...(earlier ? { earlier: earlier.syntax } : {}) }, castraShape);
  const { syntax, value, findings } = read;
  const { draft, placed, roles } = interpretProject(value, source, findings);
  const { document, index } = syntax;
  const suppressions = readSuppressions(document, index);
  const diagnostics = applySuppressions(findings.list(), suppressions, { path, index });
  const { name, configPath, stateRoot } = draft;
  const valid = diagnostics.every((diagnostic) => diagnostic.severity !== 'error');
  const place = { name, configPath, stateRoot };
  return { place, syntax, draft, placed, roles, suppressions, diagnostics, ...(valid ? { project: draft } : {}) };
}

type Interpretation = Pick<ConfigAnalysis, 'draft' | 'placed' | 'roles'>;

function interpretProject(value: Fields, source: ConfigSource, findings: Findings): Interpretation {
  const version = text(value.version);
  const versionClass = classifyVersion(version, findings);
  const place = locateProject(value, source);
  const broker = readBroker(asTable(value.broker) ?? {});
  const context: RoleContext = {
    version: versionClass,
    folders: { project: dirname(source.path), stateRoot: place.stateRoot },
    accelerator: (text(asTable(value.project)?.accelerator) ?? DEFAULTS.project.accelerator) as AcceleratorChoice,
    bootstrap: asTable(value.bootstrap) ?? {},
  };
  const written = tables(value.vms);
  const roles = interpretRoles(written, context, findings, source.earlier?.roles);
  const single = roles.roles.flatMap((role) => role.placed);
  const placed = resolveNeeds(single, written, findings);
  findConflicts(placed, { broker, configPath: source.path }, findings);
  const draft = {
    ...place,
    version: version ?? '',
    broker,
    lifecycle: readLifecycle(asTable(value.lifecycle) ?? {}),
    mirrors: texts(asTable(value.images)?.mirrors),
    maxImageBytes: readImageLimit(asTable(value.images) ?? {}, findings),
    logs: readLogLimits(asTable(value.logs) ?? {}, findings),
    bootstrapParallel: integer(context.bootstrap.max_parallel, 1, 64) ?? DEFAULTS.bootstrap.max_parallel,
    vms: placed.map(({ vm }) => vm),
    initWorkflow: texts(asTable(value.workflows)?.init),
  };
  return { draft, placed, roles };
}

function locateProject(value: Fields, { path, home, knownProjects = [] }: ConfigSource): ProjectPlace {
  const project = asTable(value.project);
  const name = text(project?.name) ?? '';
  const stateDir = text(project?.state_dir);
  const stateRoot =
    stateDir === undefined
      ? defaultStateRoot({ home, configPath: path, name }, knownProjects)
      : resolve(dirname(path), stateDir);
  return { name, configPath: path, stateRoot };
}

function readBroker(table: Fields): BrokerConfig {
  const port = integer(table.port, 0, 65535);
  return {
    enabled: table.enabled !== false,
    port: port ?? DEFAULTS.broker.port,
    isDefaultPort: port === undefined,
    auth: table.auth === 'none' ? 'none' : 'token',
    journal: table.journal !== false,
    slowConsumer: table.slow_consumer === 'disconnect' ? 'disconnect' : 'drop-oldest',
    publishRate: integer(table.publish_rate, 0, 1_000_000) ?? DEFAULTS.broker.publish_rate,
  };
}

function readLifecycle(table: Fields): ProjectConfig['lifecycle'] {
  return {
    gracefulMs: secondsToMs(table.graceful_shutdown_wait_secs, DEFAULT_WAITS.gracefulMs),
    sigtermMs: secondsToMs(table.sigterm_wait_secs, DEFAULT_WAITS.sigtermMs),
    sigkillMs: secondsToMs(table.sigkill_wait_secs, DEFAULT_WAITS.sigkillMs, 1),
  };
}

const MIB = 1024 * 1024;

function readLogLimits({ max_size: size, keep }: Fields, findings: Findings): LogLimits {
  const mib = readSize(size, 'logs', findings);
  const maxBytes = mib === undefined ? DEFAULT_LOG_LIMITS.maxBytes : mib * MIB;
  return { maxBytes, keep: integer(keep, 1, 1000) ?? DEFAULT_LOG_LIMITS.keep };
}

function readImageLimit({ max_size: size }: Fields, findings: Findings): number {
  const mib = readSize(size, 'images', findings);
  return mib === undefined ? DEFAULT_MAX_IMAGE_BYTES : mib * MIB;
}

/** `max_size` of a table, in MiB; undefined when it is not set, or wrong. */
function readSize(size: unknown, table: 'logs' | 'images', findings: Findings): number | undefined {
  if (size === undefined) return undefined;
  const mib = parseMiB(String(size));
  if (mib !== undefined && mib >= 1) return mib;
  findings.report({
    severity: 'error',
    code: 'config/invalid-size',
    message: `"${String(size)}" is not a valid size for ${table}; the minimum is 1 MiB.`,
    help: `Write it as "${DEFAULTS[table].max_size}", or as a number of MiB.`,
    path: [table, 'max_size'],
  });
  return undefined;
}
