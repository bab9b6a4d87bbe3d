import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

interface Part {
  readonly filter: RegExp;
  readonly contents: string;
}

const REAL = 'node_modules/vscode-languageclient/lib/common/notebook.js';
/** A field of the real class that only its own methods read. */
const PRIVATE = /^(?:client|registrations|dedicatedChannel|constructor|_.*)$/;

/** The members of a class, by its text: fields, accessors and methods. */
function membersOf(source: string, start: RegExp): string[] {
  const lines = source.split('\n');
  const from = lines.findIndex((line) => start.test(line));
  const indent = /^ */.exec(lines[from] ?? '')?.[0] ?? '';
  const to = lines.findIndex((line, index) => index > from && line.startsWith(`${indent}}`));
  const member = new RegExp(`^${indent} {2}(?: {2})?(?:static |get |async )?(\\w+) ?[(=;]`);
  return lines.slice(from + 1, to).flatMap((line) => member.exec(line)?.[1] ?? []);
}

test('what stands in for the notebook feature of the language client has all its members', async () => {
  const { packages } = (await import(pathToFileURL('scripts/build/unused.mjs').href)) as { packages: readonly Part[] };
  const stub = packages.find(({ filter }) => filter.test(`/${REAL}`));
  assert.ok(stub, `no part replaces ${REAL}`);
  const wanted = membersOf(readFileSync(REAL, 'utf8'), /^class NotebookDocumentSyncFeature /).filter(
    (name) => !PRIVATE.test(name),
  );
  assert.ok(wanted.length > 10, wanted.join());
  const there = new Set(membersOf(stub.contents, /NotebookDocumentSyncFeature = class/));
  assert.deepEqual(
    wanted.filter((name) => !there.has(name)),
    [],
  );
});
