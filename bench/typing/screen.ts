import type { LspClient } from '../../test/support/lspClient.ts';
import type { Edit, Offer } from '../../test/support/typing/typist.ts';

export interface Shown {
  readonly code: string;
  readonly severity: number;
  readonly range: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly character: number;
}

/** One document in one server, and what an editor shows of it. */
export class Screen {
  readonly #client: LspClient;
  readonly #uri: string;
  #version = 1;
  shown: readonly Shown[] = [];

  constructor(client: LspClient, uri: string) {
    this.#client = client;
    this.#uri = uri;
  }

  async open(text: string): Promise<void> {
    await this.#published(1, () => this.#client.open(this.#uri, text));
  }

  async apply(text: string, edit: Edit): Promise<void> {
    this.#version += 1;
    const range = { start: placeOf(text, edit.from), end: placeOf(text, edit.to) };
    await this.#published(this.#version, () =>
      this.#client.change(this.#uri, this.#version, [{ range, text: edit.text }]),
    );
  }

  async offers(text: string, offset: number): Promise<Offer[]> {
    const params = { textDocument: { uri: this.#uri }, position: placeOf(text, offset) };
    const list = await this.#client.request<{ readonly items: readonly Item[] }>('textDocument/completion', params);
    return list.items.map(({ label, textEdit: { range, newText } }) => ({
      label,
      edit: { from: offsetOf(text, range.start), to: offsetOf(text, range.end), text: newText },
    }));
  }

  /** What comes after the answer to the last key. */
  next(): Promise<unknown> {
    return this.#client.next('textDocument/publishDiagnostics', ({ uri }: Published) => uri === this.#uri);
  }

  close(): void {
    this.#client.notify('textDocument/didClose', { textDocument: { uri: this.#uri } });
  }

  listen(): void {
    this.#client.process.stdout?.on('data', () => {
      const last = this.#client.received.findLast(
        ({ method, params }) => method === 'textDocument/publishDiagnostics' && (params as Published).uri === this.#uri,
      );
      if (last) this.shown = (last.params as Published).diagnostics;
    });
  }

  async #published(version: number, act: () => void): Promise<void> {
    const told = this.#client.next(
      'textDocument/publishDiagnostics',
      (one: Published) => one.uri === this.#uri && one.version === version,
    );
    act();
    await told;
  }
}

interface Item {
  readonly label: string;
  readonly textEdit: { readonly range: Shown['range']; readonly newText: string };
}

interface Published {
  readonly uri: string;
  readonly version?: number;
  readonly diagnostics: readonly Shown[];
}

function placeOf(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
}

function offsetOf(text: string, { line, character }: Place): number {
  const lines = text.split('\n').slice(0, line);
  return lines.reduce((sum, one) => sum + one.length + 1, 0) + character;
}
