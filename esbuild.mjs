// Builds everything that ships, and with --tests the tests beside it.
//
//   node esbuild.mjs            dist/cli.js, dist/server.js, dist/runtime.mjs, dist/types
//   node esbuild.mjs --tests    the same plus .cache/tests/**/*.test.js
//
// Metafiles go to .cache/meta: test/architecture.test.ts reads them to see what a bundle really contains.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';
import { packedWasm } from './scripts/build/packedWasm.mjs';
import * as unused from './scripts/build/unused.mjs';

const withTests = process.argv.includes('--tests');
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
/** By the name of the function that each becomes. */
const SCHEMAS = {
  validateCastra: 'runtime/config/castra.schema.json',
  validateBootstrap: 'runtime/config/bootstrap.schema.json',
};
/** What the two are called together while they are compiled. */
const ALL = 'all';

const find = (folder, pattern) =>
  readdirSync(folder, { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((name) => pattern.test(name));

/** What a schema tells people; editors read it, and Taplo what is under its own name. */
const WORDS = ['title', 'description', 'default', 'examples', 'deprecated', 'markdownEnumDescriptions', 'x-taplo'];

/** A schema with only what decides whether a document is valid. `name` gives parts that repeat a place of their own. */
function withoutWords(schema, name) {
  const own = Object.entries(schema).filter(([keyword]) => !WORDS.includes(keyword));
  return Object.fromEntries(own.map(([keyword, value]) => [keyword, nestedWithoutWords(keyword, value, name)]));
}

function nestedWithoutWords(keyword, value, name) {
  const nested = (schema) => name(withoutWords(schema, name));
  if (keyword === 'anyOf') return value.map((schema) => withoutWords(schema, name));
  if (keyword === 'items') return nested(value);
  if (keyword === 'additionalProperties') return value && nested(value);
  if (keyword !== 'properties' && keyword !== 'definitions') return value;
  return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, nested(schema)]));
}

/**
 * The schemas as definitions of one, with all that they share a definition too: what ajv makes of each is a function,
 * and a call is a third of what checking a short text takes.
 */
function sharedSchema(schemas) {
  const parts = new Map();
  const nameOf = (text) => `part${[...parts.keys()].indexOf(text)}`;
  const collect = (part) => {
    if (part.$ref) return part;
    const text = JSON.stringify(part);
    parts.set(text, part);
    return { $ref: `${ALL}#/definitions/${nameOf(text)}` };
  };
  const roots = Object.entries(schemas).map(([name, schema]) => {
    const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', `"${ALL}#/definitions/${name}.`));
    const { definitions, ...root } = local;
    const own = Object.entries(definitions).map(([key, value]) => [`${name}.${key}`, withoutWords(value, collect)]);
    return [[name, withoutWords(root, collect)], ...own];
  });
  const shared = [...parts].map(([text, part]) => [nameOf(text), part]);
  return { $id: ALL, definitions: Object.fromEntries([...roots.flat(), ...shared]) };
}

/** Compiles the JSON Schemas to validator functions while bundling, so that no bundle carries ajv's compiler. */
const schemaValidator = {
  name: 'schema-validator',
  setup(bundle) {
    bundle.onResolve({ filter: /^castra:schema-validator$/ }, (args) => ({ path: args.path, namespace: 'schema' }));
    bundle.onLoad({ filter: /.*/, namespace: 'schema' }, () => {
      const schemas = Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, path]) => [name, JSON.parse(readFileSync(path, 'utf8'))]),
      );
      const options = { allErrors: true, strict: true, allowUnionTypes: true };
      for (const schema of Object.values(schemas)) new Ajv(options).addVocabulary(WORDS.slice(-2)).compile(schema);
      // Without words for people, in the schema and in its errors: the validator is half as large, and as it carries
      // parts of the schema it would grow with every description. For the same reason shared parts are functions.
      const ajv = new Ajv({ ...options, messages: false, inlineRefs: false, code: { source: true, esm: true } });
      ajv.addSchema(sharedSchema(schemas));
      const exported = Object.keys(schemas).map((name) => [name, `${ALL}#/definitions/${name}`]);
      // What only keywords of one's own would read is passed with every call.
      const contents = standaloneCode
        .default(ajv, Object.fromEntries(exported))
        .replaceAll(/, ?parentData(?::\w+)?, ?parentDataProperty(?::(?:"[^"]*"|\w+))?, ?rootData(?:=data)?(?=\})/g, '');
      return { contents, loader: 'js', resolveDir: process.cwd(), watchFiles: Object.values(SCHEMAS) };
    });
  },
};

/** Leaves out of the schemas themselves what a bundle never reads. */
const withoutKeywords = (...keywords) => ({
  name: 'lean-schemas',
  setup(bundle) {
    bundle.onLoad({ filter: /\.schema\.json$/ }, ({ path }) => {
      const keep = (key, value) => (keywords.includes(key) ? undefined : value);
      return { contents: JSON.stringify(JSON.parse(readFileSync(path, 'utf8'), keep)), loader: 'json' };
    });
  },
});

/** Large packages that few commands need. Node reads a whole file before it runs any of it, so they get their own. */
const SEPARATE = ['ssh2', 'undici', 'vscode-languageclient/node'];
/** Of what only the terminal face needs; small, so that it is in rest.js, besides what operations need themselves. */
const SMALL = ['log-update'];

const packageFile = (name) => name.replaceAll('/', '-');

/** Leaves them to be required from beside the bundle. */
const separatePackages = {
  name: 'separate-packages',
  setup(bundle) {
    bundle.onResolve({ filter: new RegExp(`^(?:${SEPARATE.join('|')})$`) }, ({ path }) => ({
      path: `./packages/${packageFile(path)}.js`,
      external: true,
    }));
  },
};

/** The entry leaves all but `--version` to a file of its own. */
const programBesides = {
  name: 'program-besides',
  setup(bundle) {
    bundle.onResolve({ filter: /\/program\.ts$/ }, () => ({ path: './program.js', external: true }));
  },
};

/** The commands that must start at once; all others share a second file. */
const QUICK = ['init', 'validate', 'status', 'logs'];
const rest = find('runtime/operations', /^runtime\/operations\/\w+\.ts$/)
  .map((path) => path.slice('runtime/operations/'.length, -'.ts'.length))
  .filter((name) => !QUICK.includes(name));

/** What the command line and the extension import only when it is needed comes from rest.js, unless a quick command needs it. */
const restOfOperations = {
  name: 'rest-of-operations',
  setup(bundle) {
    bundle.onResolve({ filter: /\/operations\/\w+\.ts$/ }, ({ path, kind }) => {
      const name = path.slice(path.lastIndexOf('/') + 1, -'.ts'.length);
      return kind === 'dynamic-import' && rest.includes(name) ? { path: name, namespace: 'rest' } : undefined;
    });
    bundle.onResolve({ filter: new RegExp(`^(?:${SMALL.join('|')})$`) }, ({ path }) => ({ path, namespace: 'rest' }));
    bundle.onLoad({ filter: /.*/, namespace: 'rest' }, ({ path }) => ({
      contents: `module.exports = require('./rest.js').load(${JSON.stringify(path)})`,
      resolveDir: process.cwd(),
    }));
    bundle.onResolve({ filter: /^\.\/rest\.js$/ }, ({ path }) => ({ path, external: true }));
  },
};

const restParts = [
  ...rest.map((name) => [name, `./runtime/operations/${name}.ts`]),
  ...SMALL.map((name) => [name, name]),
];

/** Gives each operation and each small package out by name, and runs none of its code before. */
const restEntry = {
  contents: `exports.load = (name) => ({\n${restParts
    .map(([name, path]) => `'${name}': () => require('${path}'),\n`)
    .join('')}})[name]();`,
  resolveDir: process.cwd(),
  sourcefile: 'rest.js',
};

/** What the extension imports only after it is active, as program.js has it: it is not shipped twice. */
const FOR_EXTENSION = ['runtime/operations/status.ts'];
/** Modules of program.js that other files take from there, which keeps 300 kB from being shipped twice. */
const shared = new Set(FOR_EXTENSION);

const programEntry = () => ({
  contents: `exports.runProgram = (words) => require('./runtime/cli/program.ts').runProgram(words);
exports.load = (path) => ({\n${[...shared].map((path) => `'${path}': () => require('./${path}'),\n`).join('')}})[path]();`,
  resolveDir: process.cwd(),
  sourcefile: 'program.js',
});

/** rest.js, which only program.js loads, takes all that is shared; the extension what it imports late. */
const sharedWithProgram = (isWanted) => ({
  name: 'shared-with-program',
  setup(bundle) {
    bundle.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir, kind }) => {
      const name = relative(process.cwd(), join(resolveDir, path)).replaceAll('\\', '/');
      return shared.has(name) && isWanted(name, kind) ? { path: name, namespace: 'shared' } : undefined;
    });
    bundle.onLoad({ filter: /.*/, namespace: 'shared' }, ({ path }) => ({
      contents: `module.exports = require('./program.js').load(${JSON.stringify(path)})`,
      resolveDir: process.cwd(),
    }));
    bundle.onResolve({ filter: /^\.\/program\.js$/ }, ({ path }) => ({ path, external: true }));
  },
});

/** CommonJS packages inside an ES module bundle still call require() for Node's own modules. */
const requireShim = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`;

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  metafile: true,
  legalComments: 'none',
  charset: 'utf8',
  define: { CASTRA_VERSION: JSON.stringify(manifest.version) },
  plugins: [schemaValidator],
  // What ssh2 can do without: it tries these native parts and goes on in JavaScript.
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
  minify: true,
  banner: {},
  supported: { 'dynamic-import': false },
  plugins: [schemaValidator, separatePackages],
};
await bundle('cli', {
  ...commonJs,
  entryPoints: ['runtime/cli/main.ts'],
  outfile: 'dist/cli.js',
  plugins: [programBesides],
});
/** Findings name keys and words; only `castra schema`, which is in rest.js, and the server tell what they mean. */
const bareSchemas = {
  name: 'bare-schemas',
  setup(bundle) {
    bundle.onLoad({ filter: /\.schema\.json$/ }, ({ path }) => {
      const bare = withoutWords(JSON.parse(readFileSync(path, 'utf8')), (schema) => schema);
      return { contents: JSON.stringify(bare), loader: 'json' };
    });
  },
};
const program = () => ({
  ...commonJs,
  stdin: programEntry(),
  outfile: 'dist/program.js',
  plugins: [restOfOperations, bareSchemas, ...commonJs.plugins],
});
const restOptions = {
  ...commonJs,
  stdin: restEntry,
  outfile: 'dist/rest.js',
  plugins: [sharedWithProgram(() => true), packedWasm, ...commonJs.plugins],
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
  plugins: [unused.withoutUnused(unused.packages), packedWasm],
});
await bundle('server', {
  entryPoints: ['server/main.ts'],
  outfile: 'dist/server.js',
  format: 'cjs',
  minify: true,
  banner: {},
  charset: 'utf8',
  // Hovers and completion show the other words.
  plugins: [
    schemaValidator,
    withoutKeywords('$schema', 'title', 'examples', 'x-taplo'),
    unused.withoutUnused(unused.server),
  ],
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
