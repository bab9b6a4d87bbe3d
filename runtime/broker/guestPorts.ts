import { createConnection } from 'node:net';
import { inspectVm } from '../state/liveness.ts';
import { Connection, type Host } from './connection.ts';

/** The launch record is there a moment before QEMU's sockets are. A machine that is very busy takes seconds for them. */
const RETRY_MS = 100;
const TRIES = 50;

/**
 * The broker's ends of the guests' virtio-serial ports. QEMU is the server of each: a broker that was started again
 * connects again, and QEMU's end is the end of the connection.
 */
export class GuestPorts {
  readonly #stateRoot: string;
  readonly #host: Host;
  readonly #ports = new Map<string, Connection | undefined>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;

  constructor(stateRoot: string, host: Host) {
    this.#stateRoot = stateRoot;
    this.#host = host;
  }

  /** Connects to the port of a VM that runs; nothing to do when it is connected. */
  attach(vm: string, tries = TRIES): void {
    if (this.#ports.has(vm) || this.#isStopped) return;
    const live = inspectVm(this.#stateRoot, vm);
    if (live.kind !== 'running' || live.record === undefined) return;
    this.#ports.set(vm, undefined);
    const socket = createConnection({ path: live.record.sockets.bus });
    let wasConnected = false;
    socket.once('connect', () => {
      wasConnected = true;
      this.#ports.set(vm, new Connection(socket, { kind: 'virtio', vm }, this.#host));
    });
    // The reason comes with `close`, which follows.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#ports.delete(vm);
      if (wasConnected) this.#again(vm, TRIES);
      else if (tries > 1) this.#again(vm, tries - 1);
    });
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const connection of this.#ports.values()) connection?.destroy();
  }

  #again(vm: string, tries: number): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.attach(vm, tries);
    }, RETRY_MS);
    this.#timers.add(timer);
  }
}
