/** The broker as castra.toml wants it. */
export interface BrokerConfig {
  readonly enabled: boolean;
  /** 0: any free one. */
  readonly port: number;
  /** The file does not name a port: if the default one is taken, any other will do. */
  readonly isDefaultPort: boolean;
  /** What a guest that comes over TCP proves itself with. */
  readonly auth: 'token' | 'none';
  /** Record every message; without it there is no replay and nothing durable. */
  readonly journal: boolean;
  /** What happens to a session that does not read. */
  readonly slowConsumer: 'drop-oldest' | 'disconnect';
  /** Messages per second that one session may publish; 0: any number. */
  readonly publishRate: number;
}

/** The broker as it is. */
export interface BrokerStatus {
  readonly state: 'off' | 'running' | 'stopped';
  /** Of a broker that runs. */
  readonly pid?: number;
  readonly port?: number;
}

/** What a guest's agent showed the broker; files tell it, so it is known without asking. */
export interface GuestBus {
  /** Since when this launch of the VM has been heard of; Unix time in milliseconds. */
  readonly since: number;
  readonly transport: 'virtio' | 'tcp';
  /** It has a session. A guest without one only said hello. */
  readonly connected: boolean;
  /** How long ago it was last heard of. */
  readonly ageMs: number;
  /** Heard of within 45 s. */
  readonly fresh: boolean;
  readonly topics: readonly string[];
}

/** What happens to the broker. */
export type BrokerEvent =
  | { readonly type: 'broker.started'; readonly pid: number; readonly port: number }
  /** It was running already. */
  | { readonly type: 'broker.adopted'; readonly pid: number; readonly port: number }
  | { readonly type: 'broker.stopped'; readonly changed: boolean }
  /** A guest said hello in this launch. */
  | { readonly type: 'broker.handshake'; readonly vm: string; readonly transport: 'virtio' | 'tcp' };
