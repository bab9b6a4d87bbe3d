// `node scripts/icon.mjs`: draws client/media/icon.png, the picture in the Marketplace, which takes no SVG.
//
// Needs rsvg-convert, in Debian the package librsvg2-bin. Run it by hand when icon.svg has changed; both are committed.
import { spawnSync } from 'node:child_process';

const SIZE = '128';
const { error, status } = spawnSync(
  'rsvg-convert',
  ['-w', SIZE, '-h', SIZE, '-o', 'client/media/icon.png', 'client/media/icon.svg'],
  { stdio: 'inherit' },
);
if (error) console.error(`castra: ${error.message}. Install librsvg2-bin.`);
process.exitCode = status ?? 1;
