import type { BootstrapFile } from '../config/bootstrap/analyzeBootstrap.ts';
import {
  type BootstrapStepFile,
  DEFAULT_STEP_TIMEOUT_MS,
  ENV_NAME,
  type ScriptSource,
} from '../config/bootstrap/bootstrapSteps.ts';
import { explainRemoteDir } from '../config/bootstrap/remoteDir.ts';
import type { BootstrapMode, BootstrapSettings } from '../config/project.ts';
import { explainSshOptions } from './sshOptions.ts';

/** One thing that runs in the guest: the script of a VM, or a step of its bootstrap.toml. */
export interface Unit extends BootstrapStepFile {
  /** Where its script is in the guest, from the remote folder; undefined for a step that only restarts. */
  readonly place?: string;
  /** Its script begins with `#!`. */
  readonly hasShebang: boolean;
}

export interface LoginSettings {
  readonly user?: string;
  readonly host?: string;
  readonly port?: number;
  /** Absolute, or `~/…`. */
  readonly identity?: string;
  readonly options: readonly string[];
}

/** What a bootstrap runs and how, once everything is merged and filled in. */
export interface BootstrapPlan {
  readonly vm: string;
  readonly mode: BootstrapMode;
  readonly handshakeIdentity: string;
  readonly handshakeTimeoutMs: number;
  readonly remoteDir: string;
  /** Of all units. */
  readonly env: Readonly<Record<string, string>>;
  readonly units: readonly Unit[];
  /** A script alone, as opposed to `[[steps]]`. */
  readonly isSingle: boolean;
  readonly payload?: string;
  readonly verify: { readonly command?: string; readonly path?: string };
  readonly ssh: LoginSettings;
  readonly metadataPath?: string;
  readonly warnings: readonly string[];
}

export type Planned =
  | { readonly kind: 'run'; readonly plan: BootstrapPlan }
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'error'; readonly reason: string };

/** What stands on this host at the places that a plan names. */
export interface PlanFacts {
  /** The bootstrap.toml beside the script. */
  readonly file?: { readonly path: string; readonly value: BootstrapFile };
  readonly kindOf: (path: string) => 'file' | 'folder' | 'other' | 'missing';
  /** The first bytes of a script; empty for one that cannot be read. */
  readonly headOf: (path: string) => string;
}

export interface PlanRequest {
  readonly vm: string;
  readonly settings: BootstrapSettings;
  readonly mode: BootstrapMode;
  /** Only the step of this name. */
  readonly only?: string;
}

/** Other users of the guest than the one that logs in run steps in the remote folder. */
export const isShared = ({ units }: BootstrapPlan): boolean => units.some(({ user }) => user !== undefined);

const DEFAULT_REMOTE_DIR = '/tmp/castra-bootstrap';

/** Merges castra.toml and bootstrap.toml. Pure but for `kindOf`. */
export function planBootstrap(request: PlanRequest, facts: PlanFacts): Planned {
  const { settings, mode, only } = request;
  const { file } = facts;
  if (mode === 'skip') return skip('its mode is `skip`');
  const steps = file?.value.steps;
  if (steps !== undefined && settings.run !== undefined) {
    return error('`run` of castra.toml and `[[steps]]` of its bootstrap.toml exclude each other');
  }
  const units = steps ? steps.map((step) => placeStep(step, facts)) : singleUnit(settings, facts);
  if (units.length === 0) return nothing(request);
  const wanted = only === undefined ? units : units.filter(({ name }) => name === only);
  if (wanted.length === 0) return skip(`it has no step "${only}"; it has ${units.map(({ name }) => name).join(', ')}`);
  const plan = merge(request, { units: wanted, isSingle: steps === undefined }, facts);
  const problem = findProblem(plan, facts);
  return problem === undefined ? { kind: 'run', plan } : error(problem);
}

const error = (reason: string): Planned => ({ kind: 'error', reason });
const skip = (reason: string): Planned => ({ kind: 'skip', reason });

function nothing({ settings, mode }: PlanRequest): Planned {
  const reason = `${settings.script} does not exist`;
  return mode === 'always' ? error(`${reason}, and the mode is \`always\``) : skip(reason);
}

function placeStep(step: BootstrapStepFile, facts: PlanFacts): Unit {
  const { run, name } = step;
  if (run === undefined) return { ...step, hasShebang: false };
  return { ...step, place: `steps/${name}/run`, hasShebang: headOf(run, facts).startsWith('#!') };
}

const headOf = (run: ScriptSource, facts: PlanFacts): string =>
  run.kind === 'inline' ? run.text : facts.headOf(run.path);

function singleUnit({ run, script }: BootstrapSettings, facts: PlanFacts): readonly Unit[] {
  const source: ScriptSource | undefined =
    run !== undefined
      ? { kind: 'inline', text: run }
      : facts.kindOf(script) === 'missing'
        ? undefined
        : { kind: 'file', path: script };
  if (source === undefined) return [];
  const once = { env: {}, timeoutMs: DEFAULT_STEP_TIMEOUT_MS, retries: 0, needs: [], reboot: false } as const;
  const hasShebang = headOf(source, facts).startsWith('#!');
  return [{ name: 'run.sh', run: source, place: 'run.sh', hasShebang, ...once }];
}

/** bootstrap.toml decides on waiting, folder and login; castra.toml on what is run with and verified. */
function merge(
  { vm, settings, mode }: PlanRequest,
  { units, isSingle }: Pick<BootstrapPlan, 'units' | 'isSingle'>,
  facts: PlanFacts,
): BootstrapPlan {
  const { file } = facts;
  const meta = file?.value;
  const verify = {
    ...meta?.verify,
    ...(settings.verifyCommand === undefined ? {} : { command: settings.verifyCommand }),
    ...(settings.verifyPath === undefined ? {} : { path: settings.verifyPath }),
  };
  const hasPayload = facts.kindOf(settings.payload) !== 'missing';
  return {
    vm,
    mode,
    handshakeIdentity: meta?.handshakeIdentity ?? vm,
    handshakeTimeoutMs: meta?.handshakeTimeoutMs ?? settings.handshakeTimeoutMs,
    remoteDir: placeRemoteDir(meta?.remoteDir ?? settings.remoteDir, vm),
    env: { ...meta?.env, ...settings.env },
    units,
    isSingle,
    verify,
    ssh: { ...meta?.ssh, options: meta?.ssh.options ?? [] },
    warnings: findWarnings(units, settings, facts),
    ...(hasPayload ? { payload: settings.payload } : {}),
    ...(file === undefined ? {} : { metadataPath: file.path }),
  };
}

function findWarnings(units: readonly Unit[], { payload }: BootstrapSettings, facts: PlanFacts): string[] {
  const isDefault = payload.endsWith('/payload');
  const lost = !isDefault && facts.kindOf(payload) === 'missing' ? [`the payload ${payload} does not exist`] : [];
  const dos = units.flatMap(({ run }) => (run && /^[^\n]*\r\n/.test(headOf(run, facts)) ? [run] : []));
  const names = dos.map((run) => (run.kind === 'file' ? run.path : 'the text of `run`'));
  return [
    ...lost,
    ...names.map((name) => `${name} has the line ends of Windows (CRLF), which shells take for part of a word`),
  ];
}

/** The default is one folder for all VMs of a guest network; each gets its own below. */
function placeRemoteDir(folder: string, vm: string): string {
  const trimmed = folder.length > 1 ? folder.replace(/\/+$/, '') : folder;
  return trimmed === DEFAULT_REMOTE_DIR ? `${trimmed}/${vm}` : trimmed;
}

function findProblem({ remoteDir, env, units, payload, ssh, verify }: BootstrapPlan, facts: PlanFacts) {
  const dir = explainRemoteDir(remoteDir);
  if (dir !== undefined) return `its remote folder cannot be used: ${dir}`;
  for (const [name, value] of [env, ...units.map((unit) => unit.env)].flatMap((each) => Object.entries(each))) {
    if (!ENV_NAME.test(name)) return `"${name}" is not the name of an environment variable`;
    if (value.includes('\0')) return `the environment variable ${name} has a NUL character, which no program can get`;
  }
  const texts = [verify.command, verify.path, ...units.flatMap(({ check, creates }) => [check, creates])];
  if (texts.some((text) => text?.includes('\0'))) return 'a command or path has a NUL character';
  const options = explainSshOptions(ssh.options);
  if (options !== undefined) return options;
  const files = units.flatMap(({ run }) => (run?.kind === 'file' ? [run.path] : []));
  const folders = [payload, ...units.map((unit) => unit.payload)].filter((path) => path !== undefined);
  return wrongKind(files, 'file', facts) ?? wrongKind(folders, 'folder', facts);
}

function wrongKind(paths: readonly string[], wanted: 'file' | 'folder', { kindOf }: PlanFacts): string | undefined {
  const wrong = paths.find((path) => kindOf(path) !== wanted);
  if (wrong === undefined) return undefined;
  return kindOf(wrong) === 'missing' ? `${wrong} does not exist` : `${wrong} is not a ${wanted}`;
}
