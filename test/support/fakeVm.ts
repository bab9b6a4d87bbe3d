import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { LogLimits, PortForward } from '../../runtime/contract/vocabulary.ts';
import { vmFiles, vmSockets } from '../../runtime/state/layout.ts';
import { qemuArguments } from '../../runtime/vm/args.ts';
import { type LaunchRequest, launchVm, type RunningQemu } from '../../runtime/vm/launch.ts';
import type { LaunchPlan } from '../../runtime/vm/launchPlan.ts';
import type { QmpEvent } from '../../runtime/vm/qmp.ts';

/** Tests are bundled elsewhere but run from the repository's root. */
export const FAKE_QEMU = join(process.cwd(), 'test/support/fakeQemu.mjs');

/** What FAKE_QEMU says about one VM; explained in fakeQemu.mjs. */
export interface Behaviour {
  readonly exitAtStart?: { readonly code: number; readonly stderr: string };
  readonly hang?: boolean;
  readonly greetingDelayMs?: number;
  readonly pidfileDelayMs?: number;
  readonly bootDelayMs?: number;
  readonly serial?: string;
  readonly noBanner?: boolean;
  readonly noUsernet?: boolean;
  readonly deaf?: boolean;
  readonly servedElsewhere?: boolean;
  readonly bannerOnly?: boolean;
  readonly banner?: string;
  readonly denies?: boolean;
  readonly status?: string;
  readonly stopEventAfterMs?: number;
  readonly exitAfterMs?: number;
  readonly ignorePowerdown?: boolean;
  readonly powerdownAfterPresses?: number;
  readonly dieDuringShutdown?: boolean;
  readonly ignoreSigterm?: boolean;
}

export interface FakeOptions {
  readonly behaviour?: Behaviour;
  readonly forwards?: readonly PortForward[];
  readonly signal?: AbortSignal;
  readonly startTimeoutMs?: number;
  readonly logs?: LogLimits;
  readonly onEvent?: (event: QmpEvent) => void;
  readonly onStarted?: LaunchRequest['onStarted'];
}

export const VM = 'web';

/** How launchVm is asked for a fake QEMU whose state root is `folder`. */
export function fakeRequest(folder: string, options: FakeOptions = {}): LaunchRequest {
  process.env.FAKE_QEMU = JSON.stringify({ [VM]: options.behaviour ?? {} });
  const files = vmFiles(folder, VM);
  const sockets = vmSockets(folder, VM);
  const plan: LaunchPlan = {
    vm: VM,
    uuid: randomUUID(),
    architecture: 'x86_64',
    accelerator: 'tcg',
    cpus: 1,
    memoryMiB: 64,
    overlayPath: join(folder, 'disk.qcow2'),
    files,
    sockets,
    forwards: options.forwards ?? [],
    bus: false,
    sandbox: true,
    extraArgs: [],
  };
  return {
    vm: VM,
    binary: FAKE_QEMU,
    args: qemuArguments(plan),
    files,
    sockets,
    signal: options.signal ?? new AbortController().signal,
    ...(options.startTimeoutMs === undefined ? {} : { startTimeoutMs: options.startTimeoutMs }),
    logs: options.logs ?? { maxBytes: 1024 * 1024, keep: 2 },
    onWarning: () => undefined,
    onEvent: options.onEvent ?? (() => undefined),
    onStarted: options.onStarted ?? (() => undefined),
  };
}

export function startFake(folder: string, options: FakeOptions = {}): Promise<RunningQemu> {
  return launchVm(fakeRequest(folder, options));
}

/** How it ended. Nothing keeps Node waiting for a QEMU that was let go, so a timer does. */
export async function exitOf(qemu: RunningQemu): Promise<string> {
  const awake = setInterval(() => undefined, 1000);
  try {
    return await qemu.exited;
  } finally {
    clearInterval(awake);
  }
}
