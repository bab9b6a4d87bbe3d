// `castra/runtime`: the operations as a library. Everything that is exported here is public.

import type { RunOptions } from './library/call.ts';
import { later, laterInFinally } from './library/call.ts';
import type { Vm, VmOptions } from './library/vm.ts';

export type { BrokerStats } from './broker/client/brokerStats.ts';
export type {
  BusClient,
  BusReply,
  PublishOptions,
  RequestOptions,
  SubscribeOptions,
} from './broker/client/busClient.ts';
export type { BusMessage } from './broker/client/inbox.ts';
export { BusError, type BusErrorKind } from './broker/client/incoming.ts';
export type * from './config/project.ts';
export type * from './contract/bootstrap.ts';
export type * from './contract/broker.ts';
export type * from './contract/bus.ts';
export type * from './contract/clean.ts';
export type * from './contract/consent.ts';
export type * from './contract/diagnostics.ts';
export type * from './contract/disks.ts';
export type * from './contract/doctor.ts';
export type * from './contract/events.ts';
export {
  CastraError,
  describe,
  exitCodes,
  type Failure,
  type FailureKind,
  type FailureOf,
} from './contract/failures.ts';
export type * from './contract/images.ts';
export type * from './contract/logs.ts';
export type * from './contract/output.ts';
export type * from './contract/ports.ts';
export type * from './contract/project.ts';
export { type Reporter, silent } from './contract/reporter.ts';
export type * from './contract/singleFailure.ts';
export type * from './contract/ssh.ts';
export { CONTRACT, type ControlLine, type StreamLine } from './contract/stream.ts';
export type * from './contract/vms.ts';
export type * from './contract/vocabulary.ts';
export type { LibraryCall, RunOptions } from './library/call.ts';
export { type ConfigObject, type ConfigValue, configFromObject } from './library/configFromObject.ts';
export type { Vm, VmOptions } from './library/vm.ts';
export type { VmExecOptions, VmExecution } from './library/vmExec.ts';
export { readSettings } from './process/environment.ts';
export { type ConsoleEnd, type ConsoleRelay, relayConsole } from './vm/console.ts';

export const adopt = later(async () => (await import('./operations/adopt.ts')).adopt);
export const busConnect = later(async () => (await import('./operations/busConnect.ts')).busConnect);
export const busPublish = later(async () => (await import('./operations/busPublish.ts')).busPublish);
export const busRequest = later(async () => (await import('./operations/busRequest.ts')).busRequest);
export const busStats = later(async () => (await import('./operations/busStats.ts')).busStats);
export const busTail = later(async () => (await import('./operations/busTail.ts')).busTail);
export const bootstrap = later(async () => (await import('./operations/bootstrap.ts')).bootstrap);
export const cancel = later(async () => (await import('./operations/cancel.ts')).cancel);
export const clean = later(async () => (await import('./operations/clean.ts')).clean);
export const openConsole = later(async () => (await import('./operations/console.ts')).openConsole);
export const copy = later(async () => (await import('./operations/copy.ts')).copy);
export const doctor = later(async () => (await import('./operations/doctor.ts')).doctor);
export const down = laterInFinally(async () => (await import('./operations/down.ts')).down);
export const exec = later(async () => (await import('./operations/exec.ts')).exec);
export const exportVm = later(async () => (await import('./operations/export.ts')).exportVm);
export const format = later(async () => (await import('./operations/format.ts')).format);
export const imagesImport = later(async () => (await import('./operations/imagesImport.ts')).imagesImport);
export const imagesList = later(async () => (await import('./operations/imagesList.ts')).imagesList);
export const imagesPrune = later(async () => (await import('./operations/imagesPrune.ts')).imagesPrune);
export const imagesPull = later(async () => (await import('./operations/imagesPull.ts')).imagesPull);
export const imagesVerify = later(async () => (await import('./operations/imagesVerify.ts')).imagesVerify);
export const init = later(async () => (await import('./operations/init.ts')).init);
export const list = later(async () => (await import('./operations/list.ts')).list);
export const logs = later(async () => (await import('./operations/logs.ts')).logs);
export const planBootstrap = later(async () => (await import('./operations/planBootstrap.ts')).planBootstrap);
export const ports = later(async () => (await import('./operations/ports.ts')).ports);
export const reboot = later(async () => (await import('./operations/reboot.ts')).reboot);
export const restart = later(async () => (await import('./operations/restart.ts')).restart);
export const resume = later(async () => (await import('./operations/resume.ts')).resume);
export const ssh = later(async () => (await import('./operations/ssh.ts')).ssh);
export const sshConfig = later(async () => (await import('./operations/sshConfig.ts')).sshConfig);
export const status = later(async () => (await import('./operations/status.ts')).status);
export const up = later(async () => (await import('./operations/up.ts')).up);
export const validate = later(async () => (await import('./operations/validate.ts')).validate);

/** Starts a VM and waits until it is ready: `await using vm = await openVm(…)`. When it fails, nothing it started runs. */
export async function openVm(options: VmOptions, run?: RunOptions): Promise<Vm> {
  return (await import('./library/vm.ts')).openVm(options, run);
}

/** Lends a VM to `body` and stops it afterwards, whatever happens. For a Node that has no `await using`. */
export async function withVm<Result>(
  options: VmOptions,
  body: (vm: Vm) => Promise<Result>,
  run?: RunOptions,
): Promise<Result> {
  return (await import('./library/vm.ts')).withVm(options, body, run);
}
