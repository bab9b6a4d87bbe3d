// Parts of packages that Castra has no use for, by file: what stands in their place in a bundle. Code that uses more of a
// package takes its part out of here; a part that is missed fails at the first call, and tests of what ships see that.

/** @typedef {{ readonly filter: RegExp, readonly contents: string }} Unused */

const inPackage = (path) => new RegExp(`[/\\\\]node_modules[/\\\\]${path.replaceAll('/', '[/\\\\]')}\\.js$`);

/** Of undici runtime/images/download/http.ts uses one function and two classes; its index takes along fetch, WebSocket and mocks. */
const undici = [
  {
    filter: inPackage('undici/index'),
    contents: `
      const request = require('./lib/api/api-request');
      exports.EnvHttpProxyAgent = require('./lib/dispatcher/env-http-proxy-agent');
      exports.interceptors = { redirect: require('./lib/interceptor/redirect') };
      exports.request = ({ origin, pathname, search }, options) =>
        request.call(options.dispatcher, { ...options, origin, path: pathname + search, method: 'GET' });`,
  },
  // HTTP/2 is spoken only when it was asked for (allowH2).
  { filter: inPackage('undici/lib/dispatcher/client-h2'), contents: '' },
  // Of bodies that are sent; a download sends none.
  { filter: inPackage('undici/lib/web/fetch/body'), contents: '' },
  // One parser is enough. undici falls back to the one without SIMD where this cannot be compiled, as with an old CPU.
  { filter: inPackage('undici/lib/llhttp/llhttp_simd-wasm'), contents: 'module.exports = undefined;' },
];

/** Castra is a client, never a server. Agents and keys with a passphrase stay: a user's own key may need them. */
const ssh2 = [
  {
    filter: inPackage('ssh2/lib/index'),
    contents: `
      exports.Client = require('./client.js');
      exports.createAgent = require('./agent.js').createAgent;
      exports.utils = { parseKey: require('./protocol/keyParser.js').parseKey };`,
  },
];

/** castra.toml is not a notebook; Castra's server asks for no file operations, and its client selects documents by language. */
const languageClient = [
  {
    filter: inPackage('vscode-languageclient/lib/common/notebook'),
    contents: `
      const { NotebookDocumentSyncRegistrationType } = require('vscode-languageserver-protocol');
      const never = () => ({ dispose() {} });
      exports.NotebookDocumentSyncFeature = class {
        static CellScheme = 'vscode-notebook-cell';
        registrationType = NotebookDocumentSyncRegistrationType.type;
        onOpenNotificationSent = never;
        onChangeNotificationSent = never;
        onSaveNotificationSent = never;
        onCloseNotificationSent = never;
        fillClientCapabilities() {}
        preInitialize() {}
        initialize() {}
        register() {}
        unregister() {}
        clear() {}
        getState() { return { kind: 'document', id: this.registrationType.method, registrations: false, matches: false }; }
        handles() { return false; }
        getProvider() { return undefined; }
        findNotebookDocumentAndCell() { return undefined; }
      };`,
  },
  {
    filter: inPackage('minimatch/dist/commonjs/index'),
    contents: `exports.Minimatch = class { constructor() { throw new Error('scripts/build/unused.mjs left minimatch out'); } };`,
  },
  // It compares VS Code's version with what it needs, which engines.vscode says already.
  { filter: inPackage('semver/functions/parse'), contents: 'module.exports = (version) => ({ version });' },
  { filter: inPackage('semver/functions/satisfies'), contents: 'module.exports = () => true;' },
];

/** What the command line and the runtime use. @type {readonly Unused[]} */
export const libraries = [...undici, ...ssh2];

/** @type {readonly Unused[]} */
export const packages = [...libraries, ...languageClient];

/**
 * Fails the build when a part is in no bundle any more: the package has moved it, and what stands in its place is dead.
 * @param {readonly Unused[]} parts
 */
export const withoutUnused = (parts) => ({
  name: 'without-unused',
  setup(bundle) {
    const met = new Set();
    for (const part of parts) {
      bundle.onLoad({ filter: part.filter }, () => {
        met.add(part);
        return { contents: part.contents };
      });
    }
    bundle.onEnd(({ errors }) => {
      if (errors.length > 0) return undefined;
      const dead = parts.filter((part) => !met.has(part));
      return {
        errors: dead.map(({ filter }) => ({ text: `scripts/build/unused.mjs: no bundle has ${filter.source}` })),
      };
    });
  },
});
