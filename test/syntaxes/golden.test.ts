import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadGrammar, showTokens } from '../support/textmate.ts';

const FOLDER = join(process.cwd(), 'test/syntaxes');

const samples: Readonly<Record<string, readonly string[]>> = {
  'source.toml.castra': ['project.toml', 'values.toml', 'broken.toml'],
  'output.castra-log': ['serial.log', 'qemu.log'],
};

for (const [scopeName, names] of Object.entries(samples)) {
  describe(`the grammar ${scopeName}`, async () => {
    const grammar = await loadGrammar(scopeName);
    for (const name of names) {
      test(`colours samples/${name} as golden/${name}.txt says`, () => {
        const path = join(FOLDER, 'golden', `${name}.txt`);
        const shown = showTokens(grammar, readFileSync(join(FOLDER, 'samples', name), 'utf8'));
        // CASTRA_UPDATE_GOLDEN=1 writes what is given now; the difference is then read in the commit.
        if (process.env.CASTRA_UPDATE_GOLDEN) writeFileSync(path, shown);
        assert.equal(shown, readFileSync(path, 'utf8'));
      });
    }
  });
}
