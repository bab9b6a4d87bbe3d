import type { LogLimits, ShutdownWaits } from '../contract/vocabulary.ts';
import { parseMiB } from './vms/units.ts';

/**
 * What counts for a key of castra.toml that is not set, in the words of the file. The schema says the same to editors
 * and in docs/castra-toml.md; a test compares the two, and the help and the template take theirs from here.
 */
export const DEFAULTS = {
  project: { accelerator: 'auto' },
  vms: {
    cpus: 2,
    memory: '2 GiB',
    count: 1,
    ready: 'ssh',
    ready_timeout_secs: 300,
    port_forwards: { protocol: 'tcp', bind: '127.0.0.1' },
  },
  broker: {
    enabled: true,
    port: 7070,
    auth: 'token',
    journal: true,
    slow_consumer: 'drop-oldest',
    publish_rate: 0,
  },
  lifecycle: { graceful_shutdown_wait_secs: 20, sigterm_wait_secs: 10, sigkill_wait_secs: 5 },
  images: { max_size: '64 GiB' },
  logs: { max_size: '16 MiB', keep: 4 },
  bootstrap: { mode: 'auto', handshake_timeout_secs: 300, remote_dir: '/tmp/castra-bootstrap', max_parallel: 4 },
} as const;

const MIB = 1024 * 1024;
const mebibytes = (size: string): number => parseMiB(size) ?? 0;

export const DEFAULT_MEMORY_MIB = mebibytes(DEFAULTS.vms.memory);

/** Larger than any published image, smaller than most hosts' disks. */
export const DEFAULT_MAX_IMAGE_BYTES = mebibytes(DEFAULTS.images.max_size) * MIB;

export const DEFAULT_LOG_LIMITS: LogLimits = {
  maxBytes: mebibytes(DEFAULTS.logs.max_size) * MIB,
  keep: DEFAULTS.logs.keep,
};

export const DEFAULT_WAITS: ShutdownWaits = {
  gracefulMs: DEFAULTS.lifecycle.graceful_shutdown_wait_secs * 1000,
  sigtermMs: DEFAULTS.lifecycle.sigterm_wait_secs * 1000,
  sigkillMs: DEFAULTS.lifecycle.sigkill_wait_secs * 1000,
};
