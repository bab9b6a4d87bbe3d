// What each file that ships may weigh. A build prints it; one that is over its limit fails.
import { statSync } from 'node:fs';

/** In bytes, with room for what is planned (disks that last, snapshots). */
export const LIMITS = {
  'dist/cli.js': 6_000,
  'dist/broker.js': 60_000,
  'dist/program.js': 360_000,
  'dist/rest.js': 450_000,
  'dist/extension.cjs': 95_000,
  'dist/server.js': 475_000,
  'dist/packages/re2js.js': 160_000,
  'dist/packages/ssh2.js': 320_000,
  'dist/packages/undici.js': 200_000,
  'dist/packages/vscode-languageclient-node.js': 400_000,
};

export function printSizes() {
  const rows = Object.entries(LIMITS).map(([path, limit]) => ({ path, limit, size: statSync(path).size }));
  const kilobytes = (bytes) => `${Math.ceil(bytes / 1000)} kB`.padStart(7);
  for (const { path, limit, size } of rows) console.log(`${path.padEnd(46)}${kilobytes(size)} of ${kilobytes(limit)}`);
  const over = rows.filter(({ size, limit }) => size > limit).map(({ path }) => path);
  if (over.length > 0) throw new Error(`Over its limit in scripts/build/sizes.mjs: ${over.join(', ')}`);
}
