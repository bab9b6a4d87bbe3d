// Packs what `npm run build` made into one VSIX for all platforms; nothing in it is native code.
//
//   node scripts/package.mjs [FILE]     default: .cache/castra.vsix
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';

const root = join(fileURLToPath(import.meta.url), '../..');
const packagePath = resolve(process.argv[2] ?? join(root, '.cache/castra.vsix'));
mkdirSync(dirname(packagePath), { recursive: true });
await createVSIX({
  cwd: root,
  packagePath,
  // Bundled already.
  dependencies: false,
  // No public repository is known yet: vsce could neither name one nor make links of README.md point into it.
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
