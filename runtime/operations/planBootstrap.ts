import { readBootstrapState } from '../bootstrap/bootstrapState.ts';
import type { BootstrapPlan } from '../bootstrap/plan.ts';
import { explainChange, stampLine } from '../bootstrap/stamp.ts';
import type { BootstrapMode, VmDefinition } from '../config/project.ts';
import type {
  PlanBootstrapOptions,
  PlanBootstrapOutcome,
  PlannedBootstrap,
  PlannedStep,
} from '../contract/bootstrap.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import { inspectVm } from '../state/liveness.ts';
import type { LaunchRecord } from '../state/record.ts';
import { refuseCircles } from './bootstrap/circles.ts';
import { type Gathered, gather } from './bootstrap/gather.ts';
import { modesOf } from './bootstrap/modes.ts';
import { loadProject, withNeeds } from './project/openProject.ts';
import { vmsCalled } from './project/vms.ts';
import { type Operation, tell } from './run.ts';

/**
 * What the bootstraps of an `up` would do, and why. From files of this host alone: nothing is started, written or
 * contacted, so of a VM that runs it goes by what this host noted.
 */
export const planBootstrap: Operation<PlanBootstrapOptions, PlanBootstrapOutcome> = (options, run) => {
  const { project, diagnostics } = loadProject(options);
  tell(diagnostics, run);
  const chosen = vmsCalled(project.vms, options.vms ?? []);
  const vms = options.withNeeds ? withNeeds(project.vms, chosen) : chosen;
  const modes = modesOf(project.vms, options.modes);
  const plans = new Map(vms.map((vm) => [vm.name, gather(vm, { mode: modes.get(vm.name) ?? 'auto' })]));
  refuseCircles(project.vms, plans);
  const planned = vms.map((vm) =>
    describePlan(vm, modes.get(vm.name) ?? 'auto', plans.get(vm.name), recordOf(project.stateRoot, vm.name), (uuid) => {
      const state = readBootstrapState(project.stateRoot, vm.name);
      return state?.uuid === uuid ? state : undefined;
    }),
  );
  for (const plan of planned) run.report({ type: 'bootstrap.planned', vm: plan.vm, plan });
  const errors = planned.flatMap(({ vm, action, reason }): Diagnostic[] =>
    action === 'error'
      ? [
          {
            severity: 'error',
            code: 'host/bootstrap',
            message: `The bootstrap of ${vm} cannot run: ${reason}.`,
            path: project.configPath,
          },
        ]
      : [],
  );
  return Promise.resolve({ value: { vms: planned }, diagnostics: [...diagnostics, ...tell(errors, run)] });
};

function recordOf(stateRoot: string, vm: string): LaunchRecord | undefined {
  const live = inspectVm(stateRoot, vm);
  return live.kind === 'running' ? live.record : undefined;
}

type StateOf = (uuid: string) => ReturnType<typeof readBootstrapState>;

function describePlan(
  vm: VmDefinition,
  mode: BootstrapMode,
  gathered: Gathered | undefined,
  record: LaunchRecord | undefined,
  stateOf: StateOf,
): PlannedBootstrap {
  const base = { vm: vm.name, mode, envKeys: [], steps: [], warnings: [] };
  if (gathered === undefined || gathered.kind === 'skip')
    return { ...base, action: 'would-skip', reason: gathered?.reason ?? 'it has nothing to run' };
  if (gathered.kind === 'error') return { ...base, action: 'error', reason: gathered.reason };
  const { plan, artifact } = gathered;
  const { action, reason } = decide(plan, artifact.hash, record, stateOf);
  const script = plan.isSingle ? plan.units[0]?.run : undefined;
  const { command, path } = plan.verify;
  return {
    vm: vm.name,
    mode,
    action,
    reason,
    ...(script?.kind === 'file' ? { scriptPath: script.path } : {}),
    ...(plan.payload === undefined ? {} : { payloadPath: plan.payload }),
    payloadBytes: artifact.payloadBytes,
    handshakeTimeoutMs: plan.handshakeTimeoutMs,
    remoteDir: plan.remoteDir,
    ...loginOf(plan, vm, record),
    envKeys: Object.keys(plan.env).sort(),
    steps: plan.units.map(describeUnit),
    ...(command === undefined && path === undefined
      ? {}
      : { verify: { ...plan.verify, pathIsRelative: path !== undefined && !path.startsWith('/') } }),
    artifactHash: artifact.hash,
    ...(plan.metadataPath === undefined ? {} : { metadataPath: plan.metadataPath }),
    warnings: plan.warnings,
  };
}

function decide(
  { mode }: BootstrapPlan,
  hash: string,
  record: LaunchRecord | undefined,
  stateOf: StateOf,
): Pick<PlannedBootstrap, 'action' | 'reason'> {
  const run = (reason: string) => ({ action: 'would-run', reason }) as const;
  if (mode === 'always') return run('its mode is `always`');
  const state = record === undefined ? undefined : stateOf(record.uuid);
  if (record === undefined || state === undefined) return run('it has not run on this disk');
  if (state.status !== 'done') return run('the last run did not succeed');
  const stamp = stampLine(hash, { baseStamp: record.baseStamp ?? '', overlay: record.uuid });
  if (state.stamp === stamp) return { action: 'would-skip', reason: 'nothing changed since it succeeded on this disk' };
  return run(explainChange(stamp, state.stamp));
}

function loginOf(
  { ssh }: BootstrapPlan,
  vm: VmDefinition,
  record: LaunchRecord | undefined,
): Pick<PlannedBootstrap, 'ssh'> {
  const declared = vm.forwards.find(({ guest, protocol }) => guest === 22 && protocol === 'tcp')?.host;
  const port = ssh.port ?? record?.sshPort ?? declared;
  const login = {
    user: ssh.user ?? record?.sshUser ?? vm.sshUser,
    host: ssh.host ?? '127.0.0.1',
    ...(port ? { port } : {}),
    ...(ssh.identity === undefined ? {} : { identity: ssh.identity }),
    options: ssh.options,
  };
  return { ssh: login };
}

function describeUnit(unit: BootstrapPlan['units'][number]): PlannedStep {
  const { name, run, user, timeoutMs, retries, creates, check, needs, reboot } = unit;
  return {
    name,
    ...(run?.kind === 'file' ? { script: run.path } : {}),
    ...(user === undefined ? {} : { user }),
    timeoutMs,
    retries,
    ...(creates === undefined ? {} : { creates }),
    ...(check === undefined ? {} : { check }),
    needs,
    reboot,
  };
}
