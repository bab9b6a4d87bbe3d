import { homedir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { CastraError } from '../contract/failures.ts';
import type { HostSettings, ProxySettings } from '../contract/project.ts';
import type { AcceleratorChoice } from '../contract/vocabulary.ts';

const choices: readonly AcceleratorChoice[] = ['auto', 'kvm', 'hvf', 'whpx', 'tcg'];

export function isAcceleratorChoice(text: string): text is AcceleratorChoice {
  return (choices as readonly string[]).includes(text);
}

/** Reads CASTRA_* and the proxy variables; an empty variable counts as unset. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): HostSettings {
  const accelerator = env.CASTRA_ACCELERATOR?.trim().toLowerCase();
  if (accelerator && !isAcceleratorChoice(accelerator)) {
    throw new CastraError({
      kind: 'usage',
      detail: `CASTRA_ACCELERATOR is "${accelerator}"; it must be one of ${choices.join(', ')}.`,
    });
  }
  return {
    home: env.CASTRA_HOME ? resolve(env.CASTRA_HOME) : join(homeFolder(), '.castra'),
    ...(env.CASTRA_QEMU ? { qemu: env.CASTRA_QEMU } : {}),
    ...(accelerator && isAcceleratorChoice(accelerator) ? { accelerator } : {}),
    ...(env.CASTRA_ALPINE_MIRROR ? { alpineMirror: env.CASTRA_ALPINE_MIRROR } : {}),
    ...(env.SSH_AUTH_SOCK ? { sshAgent: env.SSH_AUTH_SOCK } : {}),
    ...readProxy(env),
  };
}

/**
 * HOME as it is, when that is an absolute path; the account's otherwise: with HOME="" Node answers "", and state would
 * go to wherever the command runs. A uid without an account (`docker run -u 1500`) has neither.
 */
function homeFolder(): string {
  const home = homedir();
  if (isAbsolute(home)) return home;
  const account = accountHome();
  if (account !== undefined && isAbsolute(account)) return account;
  throw new CastraError({
    kind: 'usage',
    detail: 'HOME is not an absolute path, and this user has no home folder. Set CASTRA_HOME to a folder of your own.',
  });
}

function accountHome(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}

/** Lower case wins, as in curl. */
function readProxy(env: Readonly<Record<string, string | undefined>>): { proxy?: ProxySettings } {
  const http = env.http_proxy || env.HTTP_PROXY;
  const https = env.https_proxy || env.HTTPS_PROXY;
  const none = env.no_proxy || env.NO_PROXY;
  if (!http && !https) return {};
  return { proxy: { ...(http ? { http } : {}), ...(https ? { https } : {}), ...(none ? { none } : {}) } };
}
