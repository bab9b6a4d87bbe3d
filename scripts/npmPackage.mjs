// Puts what ships to npm into a folder, for `npm publish` there: with the README of scripts/build/readme.mjs, which leads
// somewhere on npm's page. What was in the folder is removed.
//
//   node scripts/npmPackage.mjs [FOLDER]     default: .cache/npm
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packedReadme } from './build/readme.mjs';

const root = join(fileURLToPath(import.meta.url), '../..');
const folder = resolve(process.argv[2] ?? join(root, '.cache/npm'));
// .npmignore says what ships.
const options = { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' };
const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options));
rmSync(folder, { recursive: true, force: true });
for (const { path } of files) cpSync(join(root, path), join(folder, path));
writeFileSync(join(folder, 'README.md'), packedReadme({ pictures: false, folder: '`node_modules/castra`' }));
// Scripts are for a clone, and one of them refuses to publish from there.
const {
  scripts: _scripts,
  devDependencies: _tools,
  ...manifest
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
