import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export const SERVER = join(process.cwd(), 'dist/server.js');

/** A message of the Language Server Protocol, as it comes. */
export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

export interface LspClientOptions {
  /** Merged into the client's capabilities. */
  readonly capabilities?: Readonly<Record<string, unknown>>;
  readonly workspaceFolders?: readonly { readonly uri: string; readonly name: string }[];
  readonly initializationOptions?: Readonly<Record<string, unknown>>;
}

/** A server for one test; it is gone afterwards, whatever happened. */
export function startClient(t: TestContext): LspClient {
  const client = new LspClient();
  t.after(() => client.process.kill('SIGKILL'));
  return client;
}

/** Speaks to a language server over its standard input and output, as an editor does. */
export class LspClient {
  readonly process: ChildProcess;
  readonly received: Message[] = [];
  #rest = Buffer.alloc(0);
  #nextId = 1;
  readonly #waiting = new Map<number | string, (message: Message) => void>();
  readonly #watchers = new Set<(message: Message) => void>();
  /** Answers to what the server asks, or errors when they throw; null for everything else. */
  readonly answers = new Map<string, (params: unknown) => unknown>();

  constructor(
    command: readonly string[] = [process.execPath, SERVER, '--stdio'],
    stderr: 'inherit' | 'ignore' = 'inherit',
  ) {
    const [program = '', ...args] = command;
    this.process = spawn(program, args, { stdio: ['pipe', 'pipe', stderr] });
    this.process.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  async initialize({ capabilities = {}, ...rest }: LspClientOptions = {}): Promise<InitializeResult> {
    const params = { processId: process.pid, rootUri: null, capabilities, ...rest };
    const result = await this.request<InitializeResult>('initialize', params);
    this.notify('initialized', {});
    return result;
  }

  /** Rejects with the server's error. */
  request<Result>(method: string, params: unknown, onId?: (id: number) => void): Promise<Result> {
    const id = this.#nextId++;
    onId?.(id);
    return new Promise((done, fail) => {
      this.#waiting.set(id, ({ result, error }) => {
        if (error) fail(Object.assign(new Error(error.message), { code: error.code }));
        else done(result as Result);
      });
      this.#send({ jsonrpc: '2.0', id, method, params });
    });
  }

  notify(method: string, params: unknown): void {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  /** The next notification of a kind that `accepts` takes. */
  next<Params>(method: string, accepts: (params: Params) => boolean = () => true): Promise<Params> {
    return new Promise((done) => {
      const watch = (message: Message) => {
        if (message.method !== method || !accepts(message.params as Params)) return;
        this.#watchers.delete(watch);
        done(message.params as Params);
      };
      this.#watchers.add(watch);
    });
  }

  open(uri: string, text: string, version = 1, languageId = 'castra'): void {
    this.notify('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
  }

  change(uri: string, version: number, contentChanges: readonly unknown[]): void {
    this.notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges });
  }

  /** Resolves with the exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((done) => this.process.once('exit', done));
    await this.request('shutdown', undefined);
    this.notify('exit', undefined);
    return ended;
  }

  #send(message: unknown): void {
    const body = Buffer.from(JSON.stringify(message));
    this.process.stdin?.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.process.stdin?.write(body);
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#rest.subarray(0, end).toString())?.[1]);
      if (this.#rest.length < end + 4 + length) return;
      const body = this.#rest.subarray(end + 4, end + 4 + length).toString();
      this.#rest = this.#rest.subarray(end + 4 + length);
      this.#receive(JSON.parse(body) as Message);
    }
  }

  #receive(message: Message): void {
    this.received.push(message);
    if (message.method === undefined && message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
      return;
    }
    if (message.id !== undefined && message.method !== undefined) {
      this.#send({ jsonrpc: '2.0', id: message.id, ...this.#answer(message.method, message.params) });
    }
    for (const watch of [...this.#watchers]) watch(message);
  }

  #answer(method: string, params: unknown): Pick<Message, 'result' | 'error'> {
    try {
      return { result: this.answers.get(method)?.(params) ?? null };
    } catch (error) {
      return { error: { code: -32603, message: String(error) } };
    }
  }
}

export interface InitializeResult {
  readonly capabilities: Readonly<Record<string, unknown>>;
}
