// How fast the language server answers, beside others: `npm run bench:lsp [-- ROUNDS]`.
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../runtime/contract/failures.ts';
import { SERVER } from '../test/support/lspClient.ts';
import { type BenchServer, findServers } from './lsp/servers.ts';
import { type Figures, type Mode, measure } from './lsp/session.ts';
import { inTemporaryFolder, median } from './run.ts';

const ROUNDS = Number(process.argv[2] ?? 3);
const SIZES = [200, 5000];
const MODES: readonly Mode[] = ['push', 'pull'];

interface Row {
  readonly server: BenchServer;
  readonly lines: number;
  readonly mode: Mode;
  readonly figures: Figures[];
}

/** Milliseconds, then MB for the last column; for 200 and for 5,000 lines. Undefined: there is no target. */
const TARGETS: Readonly<Record<number, readonly (number | undefined)[]>> = {
  200: [150, 25, 6, 15, undefined, 5, undefined, 90],
  5000: [150, undefined, 25, 50, 50, 15, 60, 130],
};
const COLUMNS = ['init', 'open', 'change p50', 'p95', 'burst', 'completion', 'format', 'RSS MB'];

await inTemporaryFolder(async (folder) => {
  mkdirSync(join(folder, 'images'));
  writeFileSync(join(folder, 'images', 'debian.qcow2'), '');
  copyFileSync('runtime/config/castra.schema.json', join(folder, 'castra.schema.json'));
  const servers = findServers();
  const rows: Row[] = SIZES.flatMap((lines) =>
    servers.flatMap((server) => MODES.map((mode) => ({ server, lines, mode, figures: [] }))),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const { server, lines, mode, figures } of rows) {
      try {
        figures.push(await measure(server, lines, mode, folder));
      } catch (error) {
        console.log(`${server.name}, ${mode}, ${lines} lines: ${messageOf(error)}`);
      }
    }
  }
  print(rows);
});

function print(rows: readonly Row[]): void {
  console.log(`Medians of ${ROUNDS} alternating rounds, each in a fresh process; ms where nothing else is said.`);
  printLine('lines server', COLUMNS);
  for (const lines of SIZES) {
    for (const row of rows.filter((one) => one.lines === lines)) {
      printLine(`${lines} ${row.server.name}, ${row.mode}`, cells(row.figures).map(shown));
    }
    printLine(
      `${lines} target`,
      (TARGETS[lines] ?? []).map((target) => (target === undefined ? '' : `< ${target}`)),
    );
  }
  console.log(`dist/server.js: ${(statSync(SERVER).size / 1000).toFixed(0)} kB (target: < 400 kB)`);
}

function cells(figures: readonly Figures[]): number[] {
  const of = (read: (one: Figures) => number) => median(figures.map(read));
  return [
    of(({ init }) => init),
    of(({ open }) => open),
    of(({ changes }) => median(changes)),
    of(({ changes }) => percentile95(changes)),
    of(({ burst }) => burst),
    of(({ completions }) => median(completions)),
    of(({ format }) => format),
    of(({ rss }) => rss / 1e6),
  ];
}

function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}

/** A dash for what a server never did. */
function shown(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(value < 100 ? 1 : 0);
}

function printLine(name: string, values: readonly string[]): void {
  console.log(name.padEnd(26) + values.map((value) => value.padStart(12)).join(''));
}
