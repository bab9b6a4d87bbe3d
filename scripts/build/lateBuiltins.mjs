// Node's own modules that are slow to load and that a quick command seldom needs.
//
// Node starts from a snapshot that has `fs` and `path` in it, and compiles others when they are first required: crypto
// and child_process, with what they require, take longer than all modules of `castra status`.
import { readFileSync } from 'node:fs';
import { find } from './split.mjs';

const LATE = ['child_process', 'crypto', 'fs/promises', 'net', 'os', 'timers/promises', 'v8', 'worker_threads'];

/** What the runtime imports from one of them: a getter for every export there is would take longer than it saves. */
function namesFrom(path) {
  const imports = new RegExp(`^import \\{([^}]+)\\} from '${path}'`, 'gm');
  const lists = find('runtime', /\.ts$/).flatMap((file) => [...readFileSync(file, 'utf8').matchAll(imports)]);
  const names = lists.flatMap(([, list]) => list.split(',')).map((name) => name.trim().split(' ')[0]);
  return [...new Set(names)].filter((name) => name !== '' && name !== 'type').sort();
}

/** For imports of the runtime, and of commander, which requires child_process and spawns nothing here. */
export const lateBuiltins = {
  name: 'late-builtins',
  setup(bundle) {
    bundle.onResolve({ filter: new RegExp(`^node:(?:${LATE.join('|')})$`) }, ({ path, importer, namespace }) => {
      if (namespace === 'late') return { path, external: true };
      return /\bruntime\b|\bcommander\b/.test(importer) ? { path, namespace: 'late' } : undefined;
    });
    bundle.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: `for (const name of ${JSON.stringify(namesFrom(path))})
  Object.defineProperty(exports, name, { enumerable: true, get: () => require('${path}')[name] });`,
    }));
  },
};
