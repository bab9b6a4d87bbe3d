// Packs what `npm run build` made into one VSIX for all platforms; nothing in it is native code.
//
//   node scripts/package.mjs [FILE]     default: .cache/castra.vsix
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';
import { packedReadme } from './build/readme.mjs';

const root = join(fileURLToPath(import.meta.url), '../..');
const packagePath = resolve(process.argv[2] ?? join(root, '.cache/castra.vsix'));
mkdirSync(dirname(packagePath), { recursive: true });
// vsce takes it from a file among those that .vscodeignore lets in.
const README = '.cache/readme.md';
const folder = '`castra.castra-<version>` in the folder of your extensions (`~/.vscode/extensions`)';
mkdirSync(join(root, '.cache'), { recursive: true });
// Whole at any time: tests pack side by side.
const written = join(root, `${README}.${process.pid}`);
writeFileSync(written, packedReadme({ pictures: true, folder }));
renameSync(written, join(root, README));
await createVSIX({
  cwd: root,
  packagePath,
  readmePath: README,
  // Bundled already.
  dependencies: false,
  // No public repository is known yet: vsce could neither name one nor make links of README.md point into it.
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
