import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { Broker } from '../../runtime/broker/broker.ts';
import { BusClient } from '../../runtime/broker/client/busClient.ts';
import { encodeFrame } from '../../runtime/broker/protocol/frames.ts';
import { type BrokerSettings, DEFAULT_QUEUE } from '../../runtime/broker/settings.ts';
import { projectFiles, vmFiles, vmSockets } from '../../runtime/state/layout.ts';
import { writeRecord } from '../../runtime/state/record.ts';
import { type TempFolder, tempFolder } from './tempProject.ts';

export const HOST_TOKEN = 'a'.repeat(64);
export const tokenOf = (vm: string): string => `${vm}-token`;

/** A broker in this process, over a state root in which some VMs were launched. */
export interface BrokerRig {
  readonly root: string;
  readonly port: number;
  readonly broker: Broker;
  /** The host, as programs connect. */
  host(): Promise<BusClient>;
  /** Bytes and lines, as any program could send them. */
  raw(): Promise<RawClient>;
  /** A guest over TCP that said hello, with lengths before frames. */
  guest(vm: string, extra?: string): Promise<RawClient>;
  restart(changes?: Partial<BrokerSettings>): Promise<void>;
  dispose(): Promise<void>;
}

export async function brokerRig(changes: Partial<BrokerSettings> = {}, at?: TempFolder): Promise<BrokerRig> {
  const folder = at ?? tempFolder();
  const root = join(folder.path, 'state');
  const files = projectFiles(root);
  mkdirSync(root, { mode: 0o700, recursive: true });
  chmodSync(root, 0o700);
  mkdirSync(files.broker, { recursive: true, mode: 0o700 });
  writeFileSync(files.id, `${randomUUID()}\n`);
  writeFileSync(files.hostToken, HOST_TOKEN);
  for (const vm of ['web-0', 'db-0']) launchRecord(root, vm);
  let broker = new Broker(root, settings(changes));
  let port = await broker.listen();
  const open: RawClient[] = [];
  const raw = async () => {
    const client = await RawClient.connect(port);
    open.push(client);
    return client;
  };
  return {
    root,
    get port() {
      return port;
    },
    get broker() {
      return broker;
    },
    host: () => BusClient.connect({ port, token: HOST_TOKEN }),
    raw,
    async guest(vm, extra = '') {
      const client = await raw();
      await client.line();
      client.write(`hello vm:${vm} capabilities=bus-v1${extra} token=${tokenOf(vm)}\n`);
      const answer = await client.line();
      if (!answer.startsWith('ok session=')) throw new Error(answer);
      return client;
    },
    async restart(other = {}) {
      broker.stop();
      broker = new Broker(root, settings({ ...changes, ...other }));
      port = await broker.listen();
    },
    async dispose() {
      for (const client of open) client.close();
      broker.stop();
      await folder.dispose();
    },
  };
}

/** A launch as `up` notes it, of a QEMU that is not there. */
export function launchRecord(root: string, vm: string): string {
  const uuid = randomUUID();
  writeRecord(root, {
    ...{ format: 1, vm, role: vm, uuid, bootId: '', launchedAt: new Date().toISOString(), accelerator: 'tcg' },
    ...{ cpus: 1, memoryMiB: 64, overlayPath: '/nowhere', baseImage: '/nowhere', forwards: [], sshPort: 0 },
    ...{ sockets: vmSockets(root, vm), ready: { kind: 'none' } },
  });
  writeFileSync(vmFiles(root, vm).token, `${tokenOf(vm)}\n`);
  return uuid;
}

function settings(changes: Partial<BrokerSettings>): BrokerSettings {
  return {
    ...{ port: 0, isDefaultPort: false, auth: 'token', journal: true, slowConsumer: 'drop-oldest', publishRate: 0 },
    ...{ queue: DEFAULT_QUEUE, logs: { maxBytes: 10 * 1024 * 1024, keep: 3 } },
    ...changes,
  };
}

export type Json = Readonly<Record<string, unknown>>;

/** A socket whose bytes are taken as lines or as frames. */
export class RawClient {
  readonly socket: Socket;
  #data = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  ended = false;

  static async connect(port: number): Promise<RawClient> {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const client = new RawClient(socket);
    await new Promise<void>((done, fail) => socket.once('connect', done).once('error', fail));
    return client;
  }

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#data = Buffer.concat([this.#data, chunk]);
      this.#wake?.();
    });
    const end = () => {
      this.ended = true;
      this.#wake?.();
    };
    socket.on('end', end).on('close', end).on('error', end);
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** One frame with its length. */
  send(frame: Json): void {
    this.write(encodeFrame(JSON.stringify(frame)));
  }

  async line(): Promise<string> {
    const end = await this.#until(() => this.#data.indexOf(10) + 1);
    return this.#take(end).toString().trimEnd();
  }

  /** The JSON of one frame, as it was sent. */
  async text(): Promise<string> {
    const length = await this.#until(() => (this.#data.length < 4 ? 0 : 4 + this.#data.readUInt32BE(0)));
    await this.#until(() => (this.#data.length >= length ? length : 0));
    return this.#take(length).subarray(4).toString();
  }

  async frame(): Promise<Json> {
    return JSON.parse(await this.text()) as Json;
  }

  /** Until the other end has closed; what it said is returned. */
  async rest(): Promise<string> {
    while (!this.ended) await this.#more();
    return this.#take(this.#data.length).toString('latin1');
  }

  close(): void {
    this.socket.destroy();
  }

  #take(end: number): Buffer {
    const taken = this.#data.subarray(0, end);
    this.#data = this.#data.subarray(end);
    return taken;
  }

  async #until(enough: () => number): Promise<number> {
    for (;;) {
      const end = enough();
      if (end > 0 && end <= this.#data.length) return end;
      if (end > 0 && end > this.#data.length && !this.ended) await this.#more();
      else if (this.ended)
        throw new Error(`the connection ended after ${JSON.stringify(this.#data.toString('latin1'))}`);
      else await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((done) => {
      this.#wake = done;
    });
  }
}
