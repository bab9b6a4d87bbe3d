import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configTemplate } from '../../../runtime/config/template.ts';
import type { Position } from '../../../runtime/contract/diagnostics.ts';
import { analyze, HEAD } from './marked.ts';
import { PROJECT } from './toml/fixtures.ts';
import { createMutator, createRandom } from './toml/fuzz.ts';

const ROUNDS = 10_000;
const LIMIT_MS = 100;

const FILES = [
  PROJECT,
  configTemplate('demo'),
  `${HEAD}[[vms]]
name = "web"
count = 3
memory = "1.5 GiB"
overlay = "disks/web.qcow2"
ready = "serial:^login: $"
port_forwards = [{ host = 8080, guest = 80 }, { host = 0, guest = 53, protocol = "udp", bind = "0.0.0.0" }]
instances = [
  { id = "web-1", overlay = ".castra/second.qcow2", memory = 512, port_forwards = [] },
]

[[vms]]
name = "db"
base_image = "/images/db.qcow2"
[vms.bootstrap]
env = { A = "1" }
[[vms.port_forwards]]
host = 5432
guest = 5432
[[vms.instances]]
id = "db-0"
cpus = 4
`,
];

/** Whole lines swapped, doubled, dropped, or taken from another file. */
function createLineMutator(documents: readonly string[], seed: number) {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = (list: readonly string[]) => list[below(list.length)] ?? '';
  const edit = (lines: readonly string[]): string[] => {
    const [from, to] = [below(lines.length), below(lines.length)];
    const copy = [...lines];
    switch (below(4)) {
      case 0:
        return copy.with(from, lines[to] ?? '').with(to, lines[from] ?? '');
      case 1:
        return copy.toSpliced(to, 0, lines[from] ?? '');
      case 2:
        return copy.toSpliced(from, 1 + below(3));
      default:
        return copy.toSpliced(to, 0, ...pick(documents).split('\n').slice(0, below(20)));
    }
  };
  const next = () => {
    let lines = pick(documents).split('\n');
    for (let edits = 1 + below(4); edits > 0 && lines.length > 0; edits--) lines = edit(lines);
    return lines.join(random() < 0.1 ? '\r\n' : '\n');
  };
  return { next };
}

/** The faster of two tries: the machine may have been busy during one of them. */
function analyzeInTime(text: string) {
  const start = performance.now();
  const analysis = analyze(text);
  if (performance.now() - start < LIMIT_MS) return analysis;
  const again = performance.now();
  analyze(text);
  assert.ok(performance.now() - again < LIMIT_MS, `takes too long: ${JSON.stringify(text)}`);
  return analysis;
}

function assertInside(text: string, { line, column }: Position): void {
  const lines = text.split(/\r\n|\r|\n/);
  const length = lines[line - 1]?.length;
  assert.ok(length !== undefined && column >= 1 && column <= length + 1, JSON.stringify({ text, line, column }));
}

test(`nothing that happens to a file while it is edited breaks the analysis (${ROUNDS} edits)`, () => {
  const sources = [createMutator(FILES, 2024), createLineMutator(FILES, 2025)];
  for (let round = 0; round < ROUNDS; round++) {
    const text = sources[round % sources.length]?.next() ?? '';
    const { diagnostics, project, place } = analyzeInTime(text);
    assert.equal(
      project === undefined,
      diagnostics.some(({ severity }) => severity === 'error'),
    );
    assert.match(place.stateRoot, /^\//);
    for (const { code, message, range, related = [] } of diagnostics) {
      assert.match(code, /^(?:config|toml)\/[a-z0-9.-]+$/);
      assert.match(message, /[^.]\.$|[!?]$/);
      assert.ok(range);
      for (const { start, end } of [range, ...related.map((other) => other.range)]) {
        assertInside(text, start);
        assertInside(text, end);
        assert.ok(end.line > start.line || (end.line === start.line && end.column >= start.column));
      }
    }
    const seen = diagnostics.map((diagnostic) => JSON.stringify(diagnostic));
    assert.equal(new Set(seen).size, seen.length, `the same fault twice: ${JSON.stringify(text)}`);
  }
});

test('a project of the largest size is analyzed in time', () => {
  const role = (name: string) => `[[vms]]\nname = "${name}"\ncount = 200\nport_forwards = [{ host = 0, guest = 80 }]\n`;
  const text = HEAD + Array.from({ length: 5 }, (_, index) => role(`vm${index}`)).join('');
  const start = performance.now();
  assert.equal(analyze(text).project?.vms.length, 1000);
  assert.ok(performance.now() - start < 2000);
});
