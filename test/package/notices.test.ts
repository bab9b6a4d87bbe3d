import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

interface Metafile {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, { bytesInOutput: number }>> }>>;
}

/** Name and version of every package that a bundle has a byte of. */
function shipped(): Set<string> {
  const metafiles = readdirSync('.cache/meta').map(
    (name) => JSON.parse(readFileSync(`.cache/meta/${name}`, 'utf8')) as Metafile,
  );
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => Object.entries(output.inputs)),
  );
  const paths = inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
  return new Set(
    paths.flatMap((path) => {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
      if (folder === undefined) return [];
      const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Record<string, string>;
      return [`${name} ${version}`];
    }),
  );
}

describe('THIRD-PARTY-NOTICES.txt', () => {
  const [, ...sections] = readFileSync('THIRD-PARTY-NOTICES.txt', 'utf8').split(/^-{80}\n\n/m);
  const named = sections.map((section) => /^(\S+ \S+) \(/.exec(section)?.[1] ?? section.slice(0, 80));

  it('names each package that is in a bundle, and no other', () => {
    assert.ok(named.length > 20, named.join());
    assert.deepEqual(named.toSorted(), [...shipped()].sort());
  });

  it('has the text of each licence', () => {
    for (const section of sections) {
      assert.match(section, /permission|redistribution|copyright|licen[cs]e/i, section.slice(0, 80));
      assert.ok(section.length > 400, section);
    }
  });
});
