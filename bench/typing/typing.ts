// How often an editor shows an error while correct files are typed: `npm run bench:typing [-- GAP_MS]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LspClient } from '../../test/support/lspClient.ts';
import { FILES_AROUND, TYPED_FILES } from '../../test/support/typing/files.ts';
import { ACCEPTED_AFTER, Typist } from '../../test/support/typing/typist.ts';
import { inTemporaryFolder, median } from '../run.ts';
import { Screen, type Shown } from './screen.ts';

/** Between two keys. A person takes longer; what matters is that it is less than the server waits for more. */
const GAP_MS = Number(process.argv[2] ?? 25);
/** After so many keys the typist stops, until everything that is to be said is on the screen. */
const KEYS_TO_A_PAUSE = 41;
const PATIENCE_MS = 3000;
const LEAST_SEVERE = 2;

interface Counts {
  keys: number;
  withFinding: number;
  elsewhere: number;
  readonly late: number[];
  readonly codes: Map<string, number>;
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
    accepts && ACCEPTED_AFTER.test(word) ? typist.accept(await screen.offers(text, before.length)) : undefined;
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
