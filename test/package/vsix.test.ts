import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { tempFolder } from '../support/tempProject.ts';
import { readZip, writeFiles } from '../support/zip.ts';

const MAX_BYTES = 900_000;
const MAX_FILES = 40;
const SCHEMA = 'runtime/config/castra.schema.json';
const GOLDEN = 'test/package/files.golden.txt';

describe('the packed extension', () => {
  const folder = tempFolder();
  after(() => folder.dispose());
  const vsix = join(folder.path, 'castra.vsix');
  const packing = spawnSync(process.execPath, ['scripts/package.mjs', vsix], { encoding: 'utf8' });
  const said = packing.stdout + packing.stderr;
  assert.equal(packing.status, 0, said);
  const files = readZip(vsix);
  const unpacked = join(folder.path, 'unpacked');
  writeFiles(unpacked, files);
  const extension = join(unpacked, 'extension');

  it('is made without a warning', () => {
    assert.doesNotMatch(said, /warn/i);
  });

  it(`has at most ${MAX_BYTES} bytes and ${MAX_FILES} files`, () => {
    const { size } = statSync(vsix);
    assert.ok(size <= MAX_BYTES, `${size} bytes; look into .cache/meta for what has grown`);
    assert.ok(files.size <= MAX_FILES, `${files.size} files`);
  });

  it(`has exactly the files of ${GOLDEN}`, () => {
    assert.equal(`${[...files.keys()].sort().join('\n')}\n`, readFileSync(GOLDEN, 'utf8'));
  });

  it('has every file that its manifest names', () => {
    const manifest = readFileSync(join(extension, 'package.json'), 'utf8');
    const named = [...manifest.matchAll(/"(?:\.\/)?((?:dist|client|syntaxes|runtime)\/[^"]+\.\w+)"/g)].map(String);
    const paths = named.map((match) => match.split(',').at(-1) ?? '').filter((path) => !FOR_LIBRARIES.test(path));
    assert.ok(paths.length > 10);
    assert.deepEqual(
      paths.filter((path) => !files.has(`extension/${path}`)),
      [],
    );
  });

  for (const name of [...files.keys()].filter((path) => path.endsWith('.js'))) {
    it(`has JavaScript that Node takes as ${name.slice('extension/'.length)}`, () => {
      const { status, stderr } = spawnSync(process.execPath, ['--check', join(unpacked, name)], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    });
  }

  it('runs the command line from where it was unpacked', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
    const castra = (...args: string[]) =>
      spawnSync(process.execPath, [join(extension, 'dist/cli.js'), ...args], {
        cwd: folder.path,
        encoding: 'utf8',
        env: { ...process.env, CASTRA_HOME: join(folder.path, 'home') },
      });
    assert.deepEqual([castra('--version').stdout, castra('--version').stderr], [`castra ${version}\n`, '']);
    assert.match(castra('--help').stdout, /Runs the QEMU virtual machines/);
    // From rest.js, which takes modules from program.js.
    assert.deepEqual(JSON.parse(castra('schema').stdout), JSON.parse(readFileSync(SCHEMA, 'utf8')));
    assert.match(castra('list').stdout, /No project ran on this host yet/);
  });
});

/** Of `exports`, for programs that have the npm package. */
const FOR_LIBRARIES = /^dist\/(?:types\/|runtime\.mjs)/;
