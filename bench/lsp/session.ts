import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type InitializeResult, LspClient } from '../../test/support/lspClient.ts';
import type { BenchDocument } from './documents.ts';
import type { BenchServer } from './servers.ts';

/** Whether a server pushes its diagnostics, or the client pulls them. */
export type Mode = 'push' | 'pull';

/** Milliseconds and bytes of one process; NaN for what it did not come to. */
export interface Figures {
  init: number;
  open: number;
  readonly changes: number[];
  burst: number;
  readonly completions: number[];
  format: number;
  rss: number;
}

const CHANGES = 20;
const BURST = 50;
/** Between the keys of a burst: faster than a person types, slow enough that each is a separate change. */
const BURST_GAP_MS = 10;
const COMPLETIONS = 10;
const ATTEMPTS = 100;
/** For a whole session; the slowest peer needs about half of it. */
const PATIENCE_MS = 120_000;

interface Published {
  readonly uri: string;
  readonly diagnostics: readonly Finding[];
}

interface Finding {
  readonly range: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
}

/** Everything that is measured of one server and one document, in a fresh process. */
export async function measure(server: BenchServer, lines: number, mode: Mode, folder: string): Promise<Figures> {
  const started = performance.now();
  const { NaN: none } = Number;
  const figures = { init: none, open: none, changes: [], burst: none, completions: [], format: none, rss: none };
  const client = new LspClient(server.command, 'ignore');
  const work = async () => {
    const capabilities = clientCapabilities(mode);
    const workspaceFolders = [{ uri: pathToFileURL(folder).href, name: 'bench' }];
    const { initializationOptions = {} } = server;
    const result = await client.initialize({ capabilities, workspaceFolders, initializationOptions });
    figures.init = performance.now() - started;
    if (server.settings) client.notify('workspace/didChangeConfiguration', { settings: server.settings });
    await measureEditor(new Editor(client, server.document(lines), { folder, mode, result }), figures);
  };
  try {
    const isComplete = await inTime(work());
    figures.rss = residentBytes(client.process.pid ?? 0);
    if (!isComplete) console.log(`${server.name}, ${mode}, ${lines} lines: not done after ${PATIENCE_MS / 1000} s`);
    return figures;
  } finally {
    client.process.kill('SIGKILL');
  }
}

/** Whether the work came to its end: a server that never gives the right answer must not stop the benchmark. */
async function inTime(work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((done) => {
    timer = setTimeout(() => done(false), PATIENCE_MS);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The slowest part, the burst, comes last, so that a slow server has all other figures. */
async function measureEditor(editor: Editor, figures: Figures): Promise<void> {
  figures.open = await editor.open();
  for (let count = 1; count <= CHANGES; count++) figures.changes.push(await editor.toggle(count % 2 === 1));
  for (let count = 0; count < COMPLETIONS; count++) figures.completions.push(await editor.complete());
  figures.format = await editor.format();
  figures.burst = await editor.burst();
}

function clientCapabilities(mode: Mode): Readonly<Record<string, unknown>> {
  return {
    workspace: { configuration: false, workspaceFolders: true },
    textDocument: {
      synchronization: { dynamicRegistration: false },
      completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } },
      ...(mode === 'pull' ? { diagnostic: { dynamicRegistration: false } } : { publishDiagnostics: {} }),
    },
  };
}

interface EditorOptions {
  readonly folder: string;
  readonly mode: Mode;
  readonly result: InitializeResult;
}

/** One open document; every method answers with the milliseconds until the server's right answer. */
class Editor {
  readonly #client: LspClient;
  readonly #document: BenchDocument;
  readonly #mode: Mode;
  readonly #uri: string;
  /** Servers that know only whole texts get them. */
  readonly #isIncremental: boolean;
  readonly #lines: string[];
  #version = 1;
  #isWrong = false;

  constructor(client: LspClient, document: BenchDocument, { folder, mode, result }: EditorOptions) {
    this.#client = client;
    this.#document = document;
    this.#mode = mode;
    this.#uri = pathToFileURL(join(folder, document.fileName)).href;
    const sync = result.capabilities.textDocumentSync as number | { readonly change?: number } | undefined;
    this.#isIncremental = (typeof sync === 'object' ? sync.change : sync) === 2;
    this.#lines = document.text.split('\n');
  }

  open(): Promise<number> {
    const { text, languageId, planted } = this.#document;
    return this.#untilDiagnosed(() => this.#client.open(this.#uri, text, this.#version, languageId), planted, true);
  }

  toggle(isWrong: boolean): Promise<number> {
    return this.#untilDiagnosed(() => this.#write(isWrong), this.#document.toggle.line, isWrong);
  }

  /** Many changes; the time counts from the last. */
  async burst(): Promise<number> {
    for (let count = 1; count < BURST; count++) {
      this.#write(count % 2 === 1);
      await new Promise((done) => setTimeout(done, BURST_GAP_MS));
    }
    // The last of an even number would leave the document as it was; a late answer for that must not count.
    return this.#untilDiagnosed(() => this.#write(false), this.#document.toggle.line, false, this.#version + 1);
  }

  async complete(): Promise<number> {
    const { line, typed } = this.#document.typing;
    const started = performance.now();
    this.#replace(line, 0, '', typed);
    const character = typed.endsWith('"') ? typed.length - 1 : typed.length;
    const position = { line, character };
    await this.#client.request('textDocument/completion', { textDocument: { uri: this.#uri }, position });
    const elapsed = performance.now() - started;
    this.#replace(line, 0, typed, '');
    return elapsed;
  }

  async format(): Promise<number> {
    const params = { textDocument: { uri: this.#uri }, options: { tabSize: 2, insertSpaces: true } };
    // The server may still be at the changes of the completions; they are not part of this.
    await this.#client.request('textDocument/hover', { ...params, position: { line: 0, character: 0 } });
    const started = performance.now();
    await this.#client.request('textDocument/formatting', params);
    return performance.now() - started;
  }

  #write(isWrong: boolean): void {
    const { line, character, right, wrong } = this.#document.toggle;
    if (isWrong === this.#isWrong) return;
    this.#replace(line, character, isWrong ? right : wrong, isWrong ? wrong : right);
    this.#isWrong = isWrong;
  }

  #replace(line: number, character: number, old: string, text: string): void {
    const before = this.#lines[line] ?? '';
    this.#lines[line] = before.slice(0, character) + text + before.slice(character + old.length);
    const range = { start: { line, character }, end: { line, character: character + old.length } };
    this.#version += 1;
    const change = this.#isIncremental ? { range, text } : { text: this.#lines.join('\n') };
    this.#client.change(this.#uri, this.#version, [change]);
  }

  async #untilDiagnosed(change: () => void, line: number, isWrong: boolean, version?: number): Promise<number> {
    const isRight = (findings: readonly Finding[]) =>
      isWrong === findings.some(({ range }) => range.start.line <= line && line <= range.end.line);
    const started = performance.now();
    if (this.#mode === 'push') {
      const accepts = (published: Published & { version?: number }) =>
        published.uri === this.#uri &&
        isRight(published.diagnostics) &&
        (version === undefined || published.version === undefined || published.version >= version);
      const told = this.#client.next<Published>('textDocument/publishDiagnostics', accepts);
      change();
      await told;
    } else {
      change();
      await this.#ask(isRight);
    }
    return performance.now() - started;
  }

  /** Again while the answer is not right yet: a server may read its schema in the meantime. */
  async #ask(isRight: (findings: readonly Finding[]) => boolean): Promise<void> {
    const params = { textDocument: { uri: this.#uri } };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const report = await this.#client.request<{ items?: readonly Finding[] }>('textDocument/diagnostic', params);
      if (isRight(report.items ?? [])) return;
    }
    throw new Error(`no right diagnostics in ${ATTEMPTS} answers about ${this.#uri}`);
  }
}

/** Not a number where the system does not report it. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}
