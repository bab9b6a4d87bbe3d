import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { BootstrapPlan } from '../../bootstrap/plan.ts';
import { readSshOptions } from '../../bootstrap/sshOptions.ts';
import { stepFailed } from '../../bootstrap/stepFailure.ts';
import { expandHome } from '../../config/vms/paths.ts';
import type { AskPassphrase } from '../../contract/bootstrap.ts';
import type { HostSettings } from '../../contract/project.ts';
import { needsPassphrase } from '../../ssh/identityKey.ts';
import type { SshTarget } from '../../ssh/target.ts';
import type { LaunchRecord } from '../../state/record.ts';
import { type SshPlace, targetOf } from '../ssh/sshFiles.ts';

export interface LoginRequest {
  readonly place: SshPlace;
  readonly record: LaunchRecord;
  readonly plan: BootstrapPlan;
  readonly settings: HostSettings;
  readonly askPassphrase: AskPassphrase | undefined;
  readonly warn: (text: string) => void;
}

/** How a bootstrap logs in: as Castra does, but for what its bootstrap.toml says. Fails with `bootstrap-failed`. */
export async function loginOf(request: LoginRequest): Promise<SshTarget> {
  const { place, record, plan, settings } = request;
  const { vm, ssh } = plan;
  const own = targetOf(place, record);
  const port = ssh.port ?? own.port;
  if (port === 0) {
    const hint = 'Add a forward to port 22 of the guest to `port_forwards`, or set `[ssh] port` in bootstrap.toml.';
    throw stepFailed(vm, { step: 'connect', detail: 'no port of this host leads to its SSH server', hint });
  }
  const key = ssh.identity === undefined ? undefined : await userKey(vm, expandHome(ssh.identity, homedir()), request);
  const isOwn = ssh.identity === undefined && ssh.user === undefined && ssh.host === undefined;
  return {
    ...own,
    port,
    user: ssh.user ?? own.user,
    login: {
      isEmulated: record.accelerator === 'tcg',
      ...readSshOptions(ssh.options),
      ...(ssh.host === undefined ? {} : { address: ssh.host }),
      ...(key === undefined ? {} : { key }),
      // The user's keys are offered only to a login that the user has described.
      ...(isOwn || settings.sshAgent === undefined ? {} : { agent: settings.sshAgent }),
    },
  };
}

/** One that is not there is left out: the guest knows the project's key as well. */
async function userKey(
  vm: string,
  path: string,
  { askPassphrase, warn }: LoginRequest,
): Promise<{ readonly path: string; readonly passphrase?: string } | undefined> {
  if (!existsSync(path)) {
    warn(`${vm}: the key ${path} of its bootstrap.toml does not exist; the project's key is used.`);
    return undefined;
  }
  const passphrase = await unlock(vm, path, askPassphrase);
  return { path, ...(passphrase === undefined ? {} : { passphrase }) };
}

async function unlock(vm: string, identity: string, ask: AskPassphrase | undefined): Promise<string | undefined> {
  if (!(await needsPassphrase(identity))) return undefined;
  const passphrase = await ask?.(identity);
  if (passphrase !== undefined) return passphrase;
  const hint =
    "Run the command at a terminal, where Castra asks for it, or leave out `[ssh] identity` to use the project's own key.";
  throw stepFailed(vm, { step: 'connect', detail: `the key ${identity} has a passphrase`, hint });
}
