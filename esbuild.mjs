// Builds everything that ships, and with --tests the tests beside it.
//
//   node esbuild.mjs            dist/cli.js, dist/server.js, dist/runtime.mjs, dist/types
//   node esbuild.mjs --tests    the same plus .cache/tests/**/*.test.js
//
// Metafiles go to .cache/meta: test/architecture.test.ts reads them to see what a bundle really contains.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';

const withTests = process.argv.includes('--tests');
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const SCHEMA = 'runtime/config/castra.schema.json';

/** Texts for people are a fifth of the validator, and no check reads them. A key may be called `description` too. */
const withoutProse = (key, value) => (key === 'description' && typeof value === 'string' ? undefined : value);

/** Compiles the JSON Schema to a validator function while bundling, so that no bundle carries ajv's compiler. */
const schemaValidator = {
  name: 'schema-validator',
  setup(bundle) {
    bundle.onResolve({ filter: /^castra:schema-validator$/ }, (args) => ({ path: args.path, namespace: 'schema' }));
    bundle.onLoad({ filter: /.*/, namespace: 'schema' }, () => {
      const ajv = new Ajv({
        allErrors: true,
        strict: true,
        allowUnionTypes: true,
        inlineRefs: false,
        verbose: true,
        code: { source: true, esm: true },
      });
      const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8'), withoutProse));
      const contents = standaloneCode.default(ajv, validate);
      return { contents, loader: 'js', resolveDir: process.cwd(), watchFiles: [SCHEMA] };
    });
  },
};

/** CommonJS packages inside an ES module bundle still call require() for Node's own modules. */
const requireShim = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`;

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  metafile: true,
  legalComments: 'none',
  define: { CASTRA_VERSION: JSON.stringify(manifest.version) },
  plugins: [schemaValidator],
  banner: { js: requireShim },
};

async function bundle(name, options) {
  const result = await build({ ...common, ...options });
  mkdirSync('.cache/meta', { recursive: true });
  writeFileSync(`.cache/meta/${name}.json`, JSON.stringify(result.metafile));
}

const find = (folder, pattern) =>
  readdirSync(folder, { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((name) => pattern.test(name));

rmSync('dist', { recursive: true, force: true });
// One CommonJS file: Node loads it a fifth faster than ES modules (npm run bench:cli), and what a command does not
// use stays uncompiled behind its import().
await bundle('cli', {
  entryPoints: ['runtime/cli/main.ts'],
  outfile: 'dist/cli.js',
  format: 'cjs',
  minify: true,
  banner: {},
});
await bundle('server', {
  entryPoints: ['server/main.ts'],
  outfile: 'dist/server.js',
  format: 'cjs',
  minify: true,
  banner: {},
});
await bundle('runtime', { entryPoints: ['runtime/api.ts'], outfile: 'dist/runtime.mjs' });
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
const types = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  stdio: 'inherit',
});
if (types.status !== 0) process.exit(types.status ?? 1);

if (withTests) {
  rmSync('.cache/tests', { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: [...find('test', /\.test\.ts$/), ...find('bench', /\.ts$/)],
    outbase: '.',
    outdir: '.cache/tests',
    splitting: true,
    packages: 'external',
    sourcemap: 'inline',
    chunkNames: 'chunks/[hash]',
  });
}
