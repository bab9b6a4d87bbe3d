// How often an editor shows an error while correct files are typed: `npm run bench:typing [-- GAP_MS]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LspClient } from '../../test/support/lspClient.ts';
import { inTemporaryFolder, median } from '../run.ts';
import { FILES_AROUND, TYPED_FILES } from './texts.ts';
import { type Edit, type Offer, Typist } from './typist.ts';

/** Between two keys. A person takes longer; what matters is that it is less than the server waits for more. */
const GAP_MS = Number(process.argv[2] ?? 25);
/** After so many keys the typist stops, until everything that is to be said is on the screen. */
const KEYS_TO_A_PAUSE = 41;
const PATIENCE_MS = 3000;
/** The word that is typed of a name before the rest is accepted. */
const ACCEPT_AFTER = /^[ \t]*(?:[a-z]\w{1,2}|\[{1,2}[a-z.]{1,3})$/;
const LEAST_SEVERE = 2;

interface Shown {
  readonly code: string;
  readonly severity: number;
  readonly range: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly character: number;
}

interface Counts {
  keys: number;
  withFinding: number;
  elsewhere: number;
  readonly late: number[];
  readonly codes: Map<string, number>;
}

/** One document in one server, and what an editor shows of it. */
class Screen {
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

async function type(target: string, folder: string, { accepts, pauses }: Style): Promise<Counts> {
  const counts: Counts = { keys: 0, withFinding: 0, elsewhere: 0, late: [], codes: new Map() };
  const client = new LspClient();
  try {
    const completionItem = { snippetSupport: true };
    await client.initialize({ capabilities: { textDocument: { completion: { completionItem } } } });
    const screen = new Screen(client, pathToFileURL(join(folder, 'castra.toml')).href);
    screen.listen();
    await screen.open('');
    const typist = new Typist(target);
    while (!typist.isDone) {
      await strike(typist, screen, accepts);
      await new Promise((done) => setTimeout(done, GAP_MS));
      count(counts, screen.shown, typist.line);
      if (pauses && counts.keys % KEYS_TO_A_PAUSE === 0) counts.late.push(await lateness(typist, screen, folder));
    }
    if (typist.text !== target) throw new Error(`something else was typed:\n${typist.text}`);
    return counts;
  } finally {
    client.process.kill('SIGKILL');
  }
}

async function strike(typist: Typist, screen: Screen, accepts: boolean): Promise<void> {
  const { text, before } = typist;
  const word = before.slice(before.lastIndexOf('\n') + 1);
  const accepted =
    accepts && ACCEPT_AFTER.test(word) ? typist.accept(await screen.offers(text, before.length)) : undefined;
  const edit = accepted ?? typist.press();
  if (edit) await screen.apply(text, edit);
}

function count(counts: Counts, shown: readonly Shown[], line: number): void {
  const bad = shown.filter(({ severity }) => severity <= LEAST_SEVERE);
  const isElsewhere = ({ range }: Shown) => line < range.start.line || line > range.end.line;
  counts.keys += 1;
  if (bad.length > 0) counts.withFinding += 1;
  if (bad.some(isElsewhere)) counts.elsewhere += 1;
  for (const code of new Set(bad.map((one) => one.code))) counts.codes.set(code, (counts.codes.get(code) ?? 0) + 1);
}

/** How long after a key everything is shown that is found in the same text when it is opened. */
async function lateness(typist: Typist, screen: Screen, folder: string): Promise<number> {
  const started = performance.now() - GAP_MS;
  const client = new LspClient();
  try {
    await client.initialize();
    const fresh = new Screen(client, pathToFileURL(join(folder, 'castra.toml')).href);
    fresh.listen();
    await fresh.open(typist.text);
    const wanted = JSON.stringify(fresh.shown);
    while (JSON.stringify(screen.shown) !== wanted) {
      if (performance.now() - started > PATIENCE_MS) return Number.POSITIVE_INFINITY;
      await new Promise((done) => setTimeout(done, 5));
    }
    return performance.now() - started;
  } finally {
    client.process.kill('SIGKILL');
  }
}

function placeOf(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
}

function offsetOf(text: string, { line, character }: Place): number {
  const lines = text.split('\n').slice(0, line);
  return lines.reduce((sum, one) => sum + one.length + 1, 0) + character;
}

interface Style {
  readonly accepts: boolean;
  readonly pauses: boolean;
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

await inTemporaryFolder(async (folder) => {
  for (const path of FILES_AROUND) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), '');
  }
  console.log('Keys after which an error or a warning is shown, and one on another line than the cursor.');
  for (const accepts of [false, true]) {
    const all = await Promise.all(
      Object.entries(TYPED_FILES).map(async ([name, text]) => ({
        name,
        counts: await type(text, folder, { accepts, pauses: false }),
      })),
    );
    console.log(accepts ? '\nCompletion accepted' : '\nEvery character typed');
    for (const { name, counts } of all) print(name, counts);
    const sum = (read: (counts: Counts) => number) => all.reduce((total, { counts }) => total + read(counts), 0);
    const keys = sum((one) => one.keys);
    const codes = new Map<string, number>();
    for (const { counts } of all) for (const [code, n] of counts.codes) codes.set(code, (codes.get(code) ?? 0) + n);
    print('all', {
      keys,
      withFinding: sum((one) => one.withFinding),
      elsewhere: sum((one) => one.elsewhere),
      late: [],
      codes,
    });
  }
  const late: number[] = [];
  for (const text of Object.values(TYPED_FILES))
    late.push(...(await type(text, folder, { accepts: false, pauses: true })).late);
  console.log(
    `\nUntil all is shown, ${late.length} pauses: median ${median(late).toFixed(0)} ms, most ${Math.max(...late).toFixed(0)} ms (limit 1000)`,
  );
});

function print(name: string, { keys, withFinding, elsewhere, codes }: Counts): void {
  const most = [...codes].sort((a, b) => b[1] - a[1]).slice(0, 4);
  const figures = [`${keys} keys`, percent(withFinding, keys), percent(elsewhere, keys)];
  console.log(
    name.padEnd(18) +
      figures.map((one) => one.padStart(11)).join('') +
      `   ${most.map(([code, n]) => `${code} ${n}`).join(', ')}`,
  );
}
