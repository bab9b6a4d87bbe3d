import { runningBroker } from '../../broker/records/brokerRecord.ts';
import type { ProjectConfig, ProjectPlace } from '../../config/project.ts';
import type { BrokerConfig } from '../../contract/broker.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import type { DoctorFinding, DoctorOptions } from '../../contract/doctor.ts';
import { CastraError, wayOut } from '../../contract/failures.ts';
import type { HostSettings } from '../../contract/project.ts';
import { SOCKET_PATH_LIMIT, vmSockets } from '../../state/layout.ts';
import { examineRoot } from '../../state/stateRoot.ts';
import { claimPorts } from '../../vm/host/ports.ts';
import { analyzeProject } from '../project/openProject.ts';
import { type Check, type Examined, fine, problem } from './finding.ts';

/** Reads the project, if there is one; a missing one is not a problem. */
export function readExamined(options: DoctorOptions): {
  readonly examined: Examined;
  readonly findings: readonly DoctorFinding[];
} {
  const base = { settings: options.settings, variables: options.variables ?? {} };
  try {
    const { place, project, diagnostics } = analyzeProject(options);
    const examined = { ...base, place, ...(project ? { project } : {}) };
    return { examined, findings: describeFile(place.configPath, diagnostics) };
  } catch (error) {
    if (!(error instanceof CastraError)) throw error;
    const { failure, message } = error;
    const finding =
      failure.kind === 'config-not-found'
        ? fine('project.config', 'No castra.toml found; checked only the host')
        : problem('error', 'project.config', message, 'Correct --config or --project, or run `castra init`.');
    return { examined: base, findings: [finding] };
  }
}

function describeFile(path: string, diagnostics: readonly Diagnostic[]): DoctorFinding[] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const summary = errors === 0 ? [fine('project.config', `${path} is valid`, { path })] : [];
  return [...summary, ...diagnostics.map((diagnostic) => fromDiagnostic(path, diagnostic))];
}

function fromDiagnostic(path: string, { severity, code, message, help, range }: Diagnostic): DoctorFinding {
  const start = range?.start;
  const details = { code, path, ...(start ? { line: start.line, column: start.column } : {}) };
  const place = start ? `${path}:${start.line}: ` : '';
  return problem(
    severity,
    'project.config',
    `${place}${message}`,
    help ?? 'Run `castra validate` to see where.',
    details,
  );
}

/** What only this project needs of the host. */
export const checkProject: Check = async ({ project, place, settings }) => [
  ...(place ? checkRoot(place, settings) : []),
  ...(project ? [...checkSockets(project), ...(await checkBroker(project))] : []),
];

function checkRoot(place: ProjectPlace, { home }: HostSettings): DoctorFinding[] {
  const check = 'project.state-root';
  const { stateRoot: path } = place;
  const verdict = examineRoot(home, place);
  if (verdict.kind === 'absent')
    return [fine(check, `The state root ${path} is created by the first \`castra up\``, { path })];
  if (verdict.kind !== 'refused') return [fine(check, `The state root is ${path}`, { path })];
  const { found, detail } = verdict;
  return [problem('error', check, `${path} ${detail}, so it is not used.`, wayOut(found), { path, found })];
}

function checkSockets({ stateRoot, vms }: ProjectConfig): DoctorFinding[] {
  const paths = vms.flatMap(({ name }) => Object.values(vmSockets(stateRoot, name)) as string[]);
  const longest = Math.max(0, ...paths.map((path) => Buffer.byteLength(path)));
  const details = { longest, limit: SOCKET_PATH_LIMIT };
  const check = 'project.sockets';
  if (longest > SOCKET_PATH_LIMIT) {
    const message = `The paths of the VMs' sockets have up to ${longest} bytes; this system allows ${SOCKET_PATH_LIMIT}.`;
    return [problem('error', check, message, 'Set `project.state_dir` to a shorter path.', details)];
  }
  const isShort = paths.every((path) => path.startsWith(`${stateRoot}/`));
  const where = isShort
    ? 'in the state root'
    : 'in a folder with a shorter path, because the path of the state root is too long';
  return vms.length === 0
    ? []
    : [fine(check, `The VMs' sockets fit (${longest} of ${SOCKET_PATH_LIMIT} bytes), ${where}`, details)];
}

async function checkBroker({ stateRoot, broker }: ProjectConfig): Promise<DoctorFinding[]> {
  if (!broker.enabled) return [];
  const running = runningBroker(stateRoot);
  if (!running) return checkBrokerPort(broker);
  const { pid, port } = running;
  return [fine('project.broker-port', `The broker is running (pid ${pid}) and listens on port ${port}`, { port })];
}

async function checkBrokerPort({ port, isDefaultPort }: BrokerConfig): Promise<DoctorFinding[]> {
  const wanted = { vm: 'the broker', bind: '127.0.0.1', host: port, guest: 0, protocol: 'tcp' } as const;
  const [claim] = port === 0 ? [] : await claimPorts([wanted]);
  if (claim === undefined) return [];
  const check = 'project.broker-port';
  if (claim.kind === 'free') return [fine(check, `The broker's port ${port} is free`, { port })];
  if (isDefaultPort)
    return [fine(check, `The broker's default port ${port} is in use; it takes another one`, { port })];
  const message = `The broker's port ${port} cannot be used: ${claim.detail}.`;
  return [problem('warning', check, message, 'Set another port in `[broker]`, or 0 for any free one.', { port })];
}
