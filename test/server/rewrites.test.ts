import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Analysis } from '../../server/documents/analysis.ts';
import type { Fix } from '../../server/features/codeActions/fix.ts';
import { spellSize } from '../../server/features/codeActions/sizeSpelling.ts';
import { toHeader } from '../../server/features/codeActions/toHeader.ts';
import { toInline } from '../../server/features/codeActions/toInline.ts';
import { analysisOf } from '../support/analysis.ts';
import { applyChanges } from '../support/fixes.ts';
import { cursor } from '../support/marks.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "demo"\n';

function rewrite(make: (analysis: Analysis, offset: number) => Fix | undefined, marked: string): string | undefined {
  const { text, offset } = cursor(marked);
  const fix = make(analysisOf(text), offset);
  return fix && applyChanges(text, fix.changes);
}

describe('rewrites of tables', () => {
  it('turn a table in braces into one with a header, below the other keys', () => {
    assert.equal(
      rewrite(
        toHeader,
        `${HEAD}[[vms]]\nname = "web"\nboot|strap = { mode = "auto", script = "a.sh" }\ncpus = 1\n\n[broker]\n`,
      ),
      `${HEAD}[[vms]]\nname = "web"\ncpus = 1\n\n[vms.bootstrap]\nmode = "auto"\nscript = "a.sh"\n\n[broker]\n`,
    );
  });

  it('turn a list of tables into tables with headers', () => {
    assert.equal(
      rewrite(
        toHeader,
        `${HEAD}[[vms]]\nname = "web"\nport_forwards = [\n  |{ host = 1, guest = 2 },\n  { host = 3, guest = 4 },\n]\n`,
      ),
      `${HEAD}[[vms]]\nname = "web"\n\n[[vms.port_forwards]]\nhost = 1\nguest = 2\n\n[[vms.port_forwards]]\nhost = 3\nguest = 4\n`,
    );
  });

  it('turn a table with a header into one in braces', () => {
    assert.equal(
      rewrite(
        toInline,
        `${HEAD}[[vms]]\nname = "web"\n\n[vms.boot|strap]\nmode = "auto"\nscript = "a.sh"\n\n[broker]\n`,
      ),
      `${HEAD}[[vms]]\nname = "web"\nbootstrap = { mode = "auto", script = "a.sh" }\n\n\n[broker]\n`,
    );
  });

  it('turn all tables of a list into one list', () => {
    assert.equal(
      rewrite(
        toInline,
        `${HEAD}[[vms]]\nname = "web"\n[[vms.port_forwards|]]\nhost = 1\nguest = 2\n[[vms.port_forwards]]\nhost = 3\nguest = 4\n`,
      ),
      `${HEAD}[[vms]]\nname = "web"\nport_forwards = [\n  { host = 1, guest = 2 },\n  { host = 3, guest = 4 },\n]\n`,
    );
  });

  it('are not offered where a comment would be lost, or tables inside have headers of their own', () => {
    const vm = `${HEAD}[[vms]]\nname = "web"\n`;
    for (const text of [
      `${vm}port_forwards = [ # ports\n  |{ host = 1, guest = 2 },\n]\n`,
      `${vm}boot|strap = { mode = "auto" } # why\n`,
      `${vm}boot|strap = { mode = "auto"\n`,
    ]) {
      assert.equal(rewrite(toHeader, text), undefined, text);
    }
    for (const text of [
      `${vm}[vms.boot|strap] # why\nmode = "auto"\n`,
      `${vm}[vms.boot|strap]\nmode = "auto"\n# why\nscript = "a"\n`,
      `${vm}[vms.boot|strap]\nmode = "auto"\n[vms.bootstrap.env]\nA = "b"\n`,
      `${HEAD}[[v|ms]]\nname = "web"\n`,
    ]) {
      assert.equal(rewrite(toInline, text), undefined, text);
    }
  });
});

describe('the spelling of sizes', () => {
  const memory = (value: string) =>
    rewrite(spellSize, `${HEAD}[[vms]]\nname = "web"\nmemory = ${value}\n`)?.split(' = ').at(-1)?.trim();

  it('is a number, a blank and a binary unit; the amount and the quotes stay', () => {
    assert.equal(memory('"2|GiB"'), '"2 GiB"');
    assert.equal(memory("'|512m'"), "'512 MiB'");
    assert.equal(memory('"|1.5 gb"'), '"1.5 GiB"');
  });

  it('is left alone where it is right, has no unit, or is no size', () => {
    for (const value of ['"2| GiB"', '"20|48"', '20|48', '"lo|ts"', '"2|GiB'])
      assert.equal(memory(value), undefined, value);
  });
});
