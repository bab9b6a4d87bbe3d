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

/** What a schema tells people; editors read it, and Taplo what is under its own name. */
const WORDS = ['title', 'description', 'default', 'examples', 'deprecated', 'markdownEnumDescriptions', 'x-taplo'];

/** A schema with only what decides whether a document is valid. */
function withoutWords(schema) {
  const own = Object.entries(schema).filter(([keyword]) => !WORDS.includes(keyword));
  return Object.fromEntries(own.map(([keyword, value]) => [keyword, nestedWithoutWords(keyword, value)]));
}

function nestedWithoutWords(keyword, value) {
  if (keyword === 'anyOf') return value.map(withoutWords);
  if (keyword === 'items') return withoutWords(value);
  if (keyword === 'additionalProperties') return value && withoutWords(value);
  if (keyword !== 'properties' && keyword !== 'definitions') return value;
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, withoutWords(schema)]));
}

/** Compiles the JSON Schema to a validator function while bundling, so that no bundle carries ajv's compiler. */
const schemaValidator = {
  name: 'schema-validator',
  setup(bundle) {
    bundle.onResolve({ filter: /^castra:schema-validator$/ }, (args) => ({ path: args.path, namespace: 'schema' }));
    bundle.onLoad({ filter: /.*/, namespace: 'schema' }, () => {
      const schema = JSON.parse(readFileSync(SCHEMA, 'utf8'));
      const options = { allErrors: true, strict: true, allowUnionTypes: true };
      new Ajv(options).addVocabulary(WORDS.slice(-2)).compile(schema);
      // Without words for people, in the schema and in its errors: the validator is half as large, and as it carries
      // parts of the schema it would grow with every description. For the same reason shared parts are functions.
      const ajv = new Ajv({ ...options, messages: false, inlineRefs: false, code: { source: true, esm: true } });
      const contents = standaloneCode.default(ajv, ajv.compile(withoutWords(schema)));
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
