import type {
  ImageSummary,
  ImagesImportOutcome,
  ImagesListOutcome,
  ImagesPruneOutcome,
  ImagesPullOutcome,
  ImagesVerifyOutcome,
  ImageUser,
} from '../../contract/images.ts';
import { formatBytes } from './format.ts';

/** Enough to tell images apart; --json has all of it. */
const SHORT_DIGEST = 12;
const columns = ['IMAGE', 'SIZE', 'LAST USE', 'USED BY', 'SOURCE'] as const;

export function renderImageList({ folder, images }: ImagesListOutcome): string {
  if (images.length === 0)
    return `No images in ${folder}. \`castra up\` downloads the images that it needs; \`castra images pull\` downloads them ahead of time.\n`;
  const rows = [columns, ...images.map(cells)];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, index) =>
        columns[index] === 'SIZE' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const total = images.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${[...lines, '', `${formatBytes(total)} in ${folder}`].join('\n')}\n`;
}

function cells(image: ImageSummary): readonly string[] {
  const source = image.sources[0];
  const from = source === undefined ? 'local file' : (source.url ?? 'imported');
  const note = image.damaged ? ' (damaged)' : '';
  return [
    `${image.sha256.slice(0, SHORT_DIGEST)}${note}`,
    formatBytes(image.bytes),
    image.lastUsedAt.slice(0, 16).replace('T', ' '),
    renderUsers(image.users),
    source === undefined || source.format === 'qcow2' ? from : `${from} (${source.format})`,
  ];
}

function renderUsers(users: readonly ImageUser[]): string {
  return [...new Set(users.map(({ project, vm }) => `${project}/${vm}`))].join(', ') || '—';
}

export function renderPulled({ images }: ImagesPullOutcome): string {
  if (images.length === 0) return 'Nothing to download: the images of this project are local files.\n';
  return images.map(({ url, path, bytes }) => `✔ ${url}\n  ${path} (${formatBytes(bytes)})\n`).join('');
}

export function renderVerified({ images }: ImagesVerifyOutcome): string {
  const damaged = images.filter(({ result }) => result === 'damaged');
  const lines = damaged.map(({ path, deleted, users }) => {
    if (deleted) return `✘ ${path} was damaged and has been deleted; the next \`castra up\` downloads it again.`;
    return `✘ ${path} is damaged, but in use by ${renderUsers(users)}. The next \`castra up\` that needs it downloads it again.`;
  });
  const sound = images.length - damaged.length;
  return `${[...lines, `${sound} of ${images.length} images are as they should be.`].join('\n')}\n`;
}

export function renderPruned({ dryRun, files, reclaimedBytes }: ImagesPruneOutcome): string {
  const gone = files.filter(({ result }) => result !== 'kept').length;
  if (gone === 0) return 'Nothing to remove.\n';
  return `${formatBytes(reclaimedBytes)} ${dryRun ? 'would be' : ''} reclaimed.\n`.replace('  ', ' ');
}

export function renderImported({ path, bytes, source, defaultFor }: ImagesImportOutcome): string {
  const what =
    defaultFor === undefined
      ? `To use it, add its digest to castra.toml:\n  base_image_sha256 = "${source.sha256}"`
      : `It is the default Alpine Linux image (${defaultFor}).`;
  return `✔ ${path} (${formatBytes(bytes)})\n${what}\n`;
}
