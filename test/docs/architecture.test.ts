import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, it } from 'node:test';

const MAP = 'docs/architecture.md';
const map = readFileSync(MAP, 'utf8');
const pages = [MAP, ...readdirSync('docs/design').map((name) => `docs/design/${name}`)];

/** Folders with code. Below `test` the tree is mirrored, and demo projects have no code of ours. */
function folders(): string[] {
  const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs'], { encoding: 'utf8' }).trim().split('\n');
  const all = files.filter((path) => existsSync(path)).map((path) => posix.dirname(path));
  return [...new Set(all.map((path) => (path.startsWith('test/') ? 'test' : path)))]
    .filter((path) => path !== '.')
    .sort();
}

describe(MAP, () => {
  it('has one row for each folder, and no other', () => {
    const table = /^## Folders\n([\s\S]*?)^## /m.exec(map)?.[1] ?? '';
    const rows = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, folder]) => String(folder));
    assert.deepEqual(rows.toSorted(), folders());
  });

  it('can be read in one go', () => {
    assert.ok(map.trimEnd().split('\n').length <= 200);
  });

  it('leads to every page in docs/design', () => {
    const linked = [...map.matchAll(/\(design\/([\w-]+\.md)\)/g)].map(([, name]) => String(name));
    assert.deepEqual(linked.toSorted(), readdirSync('docs/design').sort());
  });

  for (const page of pages) {
    it(`names only files that exist in ${page}`, () => {
      const named = [
        ...readFileSync(page, 'utf8').matchAll(/`((?:client|runtime|server|scripts|test)\/[\w./-]+\.\w+)`/g),
      ];
      const missing = named.map(([, path]) => String(path)).filter((path) => !existsSync(path));
      assert.deepEqual(missing, []);
    });
  }
});
