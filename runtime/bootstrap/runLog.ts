import { join } from 'node:path';
import type { BootstrapStep } from '../contract/bootstrap.ts';
import { ensurePrivateDirectory, listNames, writeFileAtomic } from '../state/files.ts';
import { projectFiles } from '../state/layout.ts';
import { removeOwnFile } from '../state/ownFile.ts';
import type { BootstrapJob } from './job.ts';

export interface RunFiles {
  readonly logPath: string;
  readonly runLogPath: string;
}

/** `20260131-180000-123`: sorts by time, and no name of a VM ends like this. */
const timeOf = (now: Date): string =>
  now
    .toISOString()
    .replace(/\D/g, '')
    .replace(/^(\d{8})(\d{6})(\d{3})$/, '$1-$2-$3');

const NAME = /^(\d{8}-\d{6}-\d{3})\.(?:json|log)(?:\.\d{1,4})?$/;

/** Names the files of a run that begins, and removes those of the oldest runs. */
export function openRunFiles(stateRoot: string, vm: string, keep: number): RunFiles {
  const folder = projectFiles(stateRoot).bootstrapLogs;
  ensurePrivateDirectory(projectFiles(stateRoot).logs);
  ensurePrivateDirectory(folder);
  const runs = new Map<string, string[]>();
  for (const name of listNames(folder)) {
    const time = name.startsWith(`${vm}-`) ? NAME.exec(name.slice(vm.length + 1))?.[1] : undefined;
    if (time !== undefined) runs.set(time, [...(runs.get(time) ?? []), name]);
  }
  // The new one counts as well.
  const old = [...runs.keys()].sort().slice(0, Math.max(0, runs.size - keep));
  for (const name of old.flatMap((time) => runs.get(time) ?? [])) removeOwnFile(join(folder, name));
  const stem = join(folder, `${vm}-${timeOf(new Date())}`);
  return { logPath: `${stem}.log`, runLogPath: `${stem}.json` };
}

export interface RunReport {
  readonly status: 'success' | 'noop' | 'failed';
  readonly durationMs: number;
  readonly steps: readonly BootstrapStep[];
  readonly baseHash: string;
  /** What it failed with. */
  readonly error?: string;
}

/** What ran, for programs. Values of the environment are left out: they may be secret. */
export function writeRunLog(path: string, { plan, artifact, target }: BootstrapJob, run: RunReport): void {
  const [first] = plan.units;
  const [login, error] = [target.login, run.error];
  const failed = error === undefined ? [] : [{ step: 'error', status: 'failed', duration_ms: 0, detail: error }];
  const script = first?.run?.kind === 'file' ? first.run.path : 'inline';
  const log = {
    vm: plan.vm,
    artifact_hash: artifact.hash,
    base_hash: run.baseHash,
    stamp: null,
    status: run.status,
    duration_ms: run.durationMs,
    steps: [
      ...run.steps.map(({ step, name, status, durationMs, detail }) => ({
        step,
        ...(name === undefined ? {} : { name }),
        status,
        duration_ms: durationMs,
        ...(detail === undefined ? {} : { detail }),
      })),
      ...failed,
    ],
    script_source: script,
    staged_script: `${plan.remoteDir}/${first?.place ?? ''}`,
    ...(plan.payload === undefined
      ? {}
      : { payload_source: plan.payload, staged_payload: `${plan.remoteDir}/payload` }),
    payload_bytes: artifact.payloadBytes,
    remote_dir: plan.remoteDir,
    ssh_user: target.user,
    ssh_host: login?.address ?? '127.0.0.1',
    ssh_port: target.port,
    ssh_identity: target.identity,
    env: Object.fromEntries(namesOf(plan).map((name) => [name, 'redacted'])),
    ...(plan.metadataPath === undefined ? {} : { metadata_path: plan.metadataPath }),
  };
  writeFileAtomic(path, `${JSON.stringify(log, null, 2)}\n`);
}

const namesOf = ({ env, units }: BootstrapJob['plan']): string[] =>
  [...new Set([env, ...units.map((unit) => unit.env)].flatMap((each) => Object.keys(each)))].sort();
