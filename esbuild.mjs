// Builds everything that ships, and with --tests the tests beside it.
//
//   node esbuild.mjs            dist/: what ships, its types, and THIRD-PARTY-NOTICES.txt
//   node esbuild.mjs --tests    the same plus .cache/tests/**/*.test.js
//
// Metafiles go to .cache/meta: test/architecture.test.ts reads them to see what a bundle really contains.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { lateBuiltins } from './scripts/build/lateBuiltins.mjs';
import { writeNotices } from './scripts/build/notices.mjs';
import { printSizes } from './scripts/build/sizes.mjs';
import {
  FOR_EXTENSION,
  find,
  packageFile,
  programBesides,
  programEntry,
  restEntry,
  restOfOperations,
  SEPARATE,
  separatePackages,
  shared,
  sharedWithProgram,
} from './scripts/build/split.mjs';
import * as unused from './scripts/build/unused.mjs';
import { bareSchemas, schemaValidator, withoutKeywords } from './scripts/build/validator.mjs';

const withTests = process.argv.includes('--tests');
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** CommonJS packages inside an ES module bundle still call require() for Node's own modules; ssh2 reads __dirname too. */
const requireShim = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url), __dirname = import.meta.dirname;`;

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  metafile: true,
  legalComments: 'none',
  charset: 'utf8',
  define: { CASTRA_VERSION: JSON.stringify(manifest.version), CASTRA_DIST: 'import.meta.dirname' },
  // What runs in guests.
  loader: { '.sh': 'text' },
  plugins: [schemaValidator],
  // What ssh2 can do without: it tries these native parts and falls back to JavaScript.
  external: ['cpu-features', '*.node'],
  banner: { js: requireShim },
};

async function bundle(name, options) {
  const result = await build({ ...common, ...options });
  mkdirSync('.cache/meta', { recursive: true });
  writeFileSync(`.cache/meta/${name}.json`, JSON.stringify(result.metafile));
}

/** The runtime's own modules in a bundle, without building it for good. */
async function modulesOf(options) {
  const { metafile } = await build({ ...common, ...options, write: false });
  const [{ inputs }] = Object.values(metafile.outputs);
  return Object.keys(inputs).filter((path) => /^runtime\/(?!cli\/).*\.ts$/.test(path));
}

rmSync('dist', { recursive: true, force: true });
// CommonJS, which Node loads a fifth faster than ES modules (npm run bench:cli). `--version` needs only the entry.
// import() of another file would start Node's loader of ES modules, which takes 20 ms; require() does not.
const commonJs = {
  format: 'cjs',
  define: { ...common.define, CASTRA_DIST: '__dirname' },
  minify: true,
  banner: {},
  supported: { 'dynamic-import': false },
  // One byte per character: V8 keeps a text with a single dash or arrow at twice the size, and reads it slower.
  charset: 'ascii',
  plugins: [schemaValidator, separatePackages],
};
const program = () => ({
  ...commonJs,
  stdin: programEntry(),
  outfile: 'dist/program.js',
  plugins: [restOfOperations, bareSchemas, lateBuiltins, ...commonJs.plugins],
});
const restOptions = {
  ...commonJs,
  stdin: restEntry,
  outfile: 'dist/rest.js',
  plugins: [sharedWithProgram(() => true), lateBuiltins, ...commonJs.plugins],
};
const inProgram = await modulesOf(program());
for (const path of await modulesOf(restOptions)) if (inProgram.includes(path)) shared.add(path);
await bundle('program', program());
await bundle('rest', restOptions);
await bundle('extension', {
  ...commonJs,
  entryPoints: ['client/extension.ts'],
  // By its name CommonJS: package.json says otherwise of the package, and VS Code goes by that. Its import() of a file
  // passes through a worker, behind the code of all others that load at the same time.
  outfile: 'dist/extension.cjs',
  plugins: [
    restOfOperations,
    sharedWithProgram((name, kind) => kind === 'dynamic-import' && FOR_EXTENSION.includes(name)),
    bareSchemas,
    ...commonJs.plugins,
  ],
  external: [...common.external, 'vscode'],
});
await bundle('packages', {
  ...commonJs,
  entryPoints: SEPARATE.map((name) => ({ in: name, out: packageFile(name) })),
  outdir: 'dist/packages',
  external: [...common.external, 'vscode'],
  plugins: [unused.withoutUnused(unused.packages)],
});
// Last of the command line: it knows the others by what is in them, so that code compiled for one build is no other's.
const contents = createHash('sha256');
for (const path of [
  'dist/program.js',
  'dist/rest.js',
  ...SEPARATE.map((name) => `dist/packages/${packageFile(name)}.js`),
])
  contents.update(readFileSync(path));
await bundle('cli', {
  ...commonJs,
  entryPoints: ['runtime/cli/main.ts'],
  outfile: 'dist/cli.js',
  define: { ...commonJs.define, CASTRA_BUILD: JSON.stringify(contents.digest('hex').slice(0, 16)) },
  plugins: [programBesides],
});
await bundle('broker', {
  ...commonJs,
  entryPoints: ['runtime/broker/main.ts'],
  outfile: 'dist/broker.js',
  plugins: [lateBuiltins, ...commonJs.plugins],
});
await bundle('server', {
  entryPoints: ['server/main.ts'],
  outfile: 'dist/server.js',
  format: 'cjs',
  minify: true,
  banner: {},
  charset: 'utf8',
  // Hovers and completion show the other words.
  plugins: [schemaValidator, withoutKeywords('$schema', 'title', 'examples', 'x-taplo')],
});
// In pieces: who imports the runtime and asks for the status reads neither ssh2 nor undici. With everything inside, as a
// program that embeds it should not get forty packages, some of them at versions that Castra was not tested with.
await bundle('runtime', {
  entryPoints: [{ in: 'runtime/api.ts', out: 'runtime' }],
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  splitting: true,
  chunkNames: 'runtime/[hash]',
  minify: true,
  plugins: [schemaValidator, bareSchemas, unused.withoutUnused(unused.libraries)],
});
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
// The types are those of ES modules, whatever the files beside them are.
mkdirSync('dist/types', { recursive: true });
writeFileSync('dist/types/package.json', '{ "type": "module" }\n');
writeNotices('.cache/meta', 'THIRD-PARTY-NOTICES.txt');
printSizes();
const types = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  stdio: 'inherit',
});
if (types.status !== 0) process.exit(types.status ?? 1);

if (withTests) {
  rmSync('.cache/tests', { recursive: true, force: true });
  await build({
    ...common,
    define: { ...common.define, CASTRA_DIST: JSON.stringify(join(process.cwd(), 'dist')) },
    entryPoints: [...find('test', /\.test\.ts$/), ...find('bench', /(?<!fetch)\.ts$/)],
    outbase: '.',
    outdir: '.cache/tests',
    splitting: true,
    packages: 'external',
    sourcemap: 'inline',
    chunkNames: 'chunks/[hash]',
  });
  // For VS Code's extension host, which loads CommonJS and has 'vscode' itself.
  await build({
    ...common,
    format: 'cjs',
    banner: {},
    entryPoints: ['index', 'idleIndex', 'probeIndex'].map((name) => `test/extension/${name}.ts`),
    outdir: '.cache/tests/extension',
    outExtension: { '.js': '.cjs' },
    external: ['vscode'],
    sourcemap: 'inline',
  });
  // Bundled as what ships: a benchmark that loads its packages file by file would measure that.
  await build({ ...common, entryPoints: ['bench/fetch.ts'], outfile: '.cache/bench/fetch.mjs', minify: true });
}
