import type { Readable } from 'node:stream';

/** A command that runs in a VM, over either SSH client. */
export interface RemoteProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the command has ended; its output may still be in the streams. Rejects with CastraError. */
  readonly exitCode: Promise<number>;
  /** Ends the connection, and with it usually the command. */
  kill(): void;
}
