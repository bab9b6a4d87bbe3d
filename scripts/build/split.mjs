// How the command line is split over files: what a quick command needs, what all others share, and large packages.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

export const find = (folder, pattern) =>
  readdirSync(folder, { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((name) => pattern.test(name));

/** Large packages that few commands need. Node reads a whole file before it runs any of it, so they get their own. */
export const SEPARATE = ['re2js', 'ssh2', 'undici', 'vscode-languageclient/node'];
/** Of what only the terminal face needs; small, so that it is in rest.js, besides what operations need themselves. */
const SMALL = ['log-update'];

export const packageFile = (name) => name.replaceAll('/', '-');

/** Leaves them to be required from beside the bundle. */
export const separatePackages = {
  name: 'separate-packages',
  setup(bundle) {
    bundle.onResolve({ filter: new RegExp(`^(?:${SEPARATE.join('|')})$`) }, ({ path }) => ({
      path: `./packages/${packageFile(path)}.js`,
      external: true,
    }));
  },
};

/** The entry leaves all but `--version` to files of their own. */
export const programBesides = {
  name: 'program-besides',
  setup(bundle) {
    bundle.onResolve({ filter: /\/program\.ts$/ }, () => ({ path: './program.js', external: true }));
    bundle.onResolve({ filter: /\/broker\/main\.ts$/ }, () => ({ path: './broker.js', external: true }));
  },
};

/** The commands that must start at once; all others share a second file. */
const QUICK = ['init', 'validate', 'status', 'logs'];
const rest = find('runtime/operations', /^runtime\/operations\/\w+\.ts$/)
  .map((path) => path.slice('runtime/operations/'.length, -'.ts'.length))
  .filter((name) => !QUICK.includes(name));

/** What the command line and the extension import only when it is needed comes from rest.js, unless a quick command needs it. */
export const restOfOperations = {
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
export const restEntry = {
  contents: `exports.load = (name) => ({\n${restParts
    .map(([name, path]) => `'${name}': () => require('${path}'),\n`)
    .join('')}})[name]();`,
  resolveDir: process.cwd(),
  sourcefile: 'rest.js',
};

/** What the extension imports only after it is active, as program.js has it: it is not shipped twice. */
export const FOR_EXTENSION = ['runtime/operations/status.ts'];
/** Modules of program.js that other files take from there, which keeps 300 kB from being shipped twice. */
export const shared = new Set(FOR_EXTENSION);

export const programEntry = () => ({
  contents: `exports.runProgram = (words) => require('./runtime/cli/program.ts').runProgram(words);
exports.load = (path) => ({\n${[...shared].map((path) => `'${path}': () => require('./${path}'),\n`).join('')}})[path]();`,
  resolveDir: process.cwd(),
  sourcefile: 'program.js',
});

/** rest.js, which only program.js loads, takes all that is shared; the extension what it imports late. */
export const sharedWithProgram = (isWanted) => ({
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
