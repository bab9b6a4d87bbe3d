// `castra/runtime`: the operations as a library. Everything that is exported here is public.
export type * from './config/project.ts';
export type * from './diagnostics.ts';
export { CastraError, describe, exitCodes, type Failure, type FailureKind } from './errors.ts';
export type * from './events.ts';
export { down } from './operations/down.ts';
export { exportVm } from './operations/export.ts';
export { format } from './operations/format.ts';
export { init } from './operations/init.ts';
export type { Operation, Run } from './operations/run.ts';
export { status } from './operations/status.ts';
export { up } from './operations/up.ts';
export { validate } from './operations/validate.ts';
export type * from './options.ts';
export type * from './outcomes.ts';
export { readSettings } from './process/environment.ts';
export { type Reporter, silent } from './reporter.ts';
export { CONTRACT, type ControlLine, type StreamLine } from './stream.ts';
