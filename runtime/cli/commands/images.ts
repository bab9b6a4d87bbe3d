import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { CastraError } from '../../contract/failures.ts';
import type { ImagesVerifyOutcome } from '../../contract/images.ts';
import type { Digest } from '../../contract/vocabulary.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { keepMemoryFlat } from '../memory.ts';
import { liveFace } from '../render/liveFace.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

const IMAGE_DAMAGED = 1;

/** Only what is needed to list the verbs: each loads what it does when it is asked to. */
export function addImages(program: Command, finish: Finish): void {
  const images = program
    .command('images')
    .description('list, download, verify and remove cached base images')
    .addHelpText(
      'after',
      exampleText([
        ['castra images', 'cached images and the VMs that use them'],
        ['castra images pull', 'download the images of the project ahead of time'],
        ['castra images import alpine.qcow2', 'on a host without a network'],
        ['castra images prune --dry-run'],
      ]),
    );
  addList(images, finish);
  addPull(images, finish);
  addVerify(images, finish);
  addPrune(images, finish);
  addImport(images, finish);
}

const rendering = () => import('../render/images.ts');

function addList(images: Command, finish: Finish): void {
  images
    .command('list', { isDefault: true })
    .alias('ls')
    .description('list the cached images and what uses them (default)')
    .action(async (_flags: object, command: Command) => {
      const { settings, json } = readContext(command);
      const operation = async (run: Run) =>
        (await import('../../operations/imagesList.ts')).imagesList({ settings }, run);
      const face = async () => textFace({ outcome: (await rendering()).renderImageList });
      finish(await runSession({ command: 'images list', json, face, operation }));
    });
}

interface PullFlags {
  readonly sha256?: string;
  readonly sha512?: string;
}

function addPull(images: Command, finish: Finish): void {
  images
    .command('pull')
    .description('download an image, or those of the project, so that `up` needs no network')
    .argument('[url]', 'the image (default: the images of the project, else the default image)')
    .option('--sha256 <digest>', 'the digest that the file must have', (text) => parseHex(text, 64))
    .option('--sha512 <digest>', 'the same, with SHA-512', (text) => parseHex(text, 128))
    .action(async (url: string | undefined, flags: PullFlags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const digest = readDigest(flags);
      const options = { config, settings, ...(url === undefined ? {} : { url }), ...(digest ? { digest } : {}) };
      keepMemoryFlat();
      const operation = async (run: Run) => (await import('../../operations/imagesPull.ts')).imagesPull(options, run);
      const face = async () => liveFace((await rendering()).renderPulled);
      finish(await runSession({ command: 'images pull', json, face, operation }));
    });
}

function readDigest({ sha256, sha512 }: PullFlags): Digest | undefined {
  if (sha256 !== undefined && sha512 !== undefined) {
    throw new CastraError({ kind: 'usage', detail: 'Pass --sha256 or --sha512, not both.' });
  }
  if (sha512 !== undefined) return { algorithm: 'sha512', hex: sha512 };
  return sha256 === undefined ? undefined : { algorithm: 'sha256', hex: sha256 };
}

function parseHex(text: string, length: number): string {
  if (text.length !== length || !/^[0-9a-f]+$/i.test(text)) {
    throw new InvalidArgumentError(`It must be ${length} hexadecimal digits.`);
  }
  return text.toLowerCase();
}

function addVerify(images: Command, finish: Finish): void {
  images
    .command('verify')
    .description('check the digests of all cached images; exits with 1 if one is damaged')
    .addHelpText('after', '\nDeletes a damaged image if nothing uses it; otherwise only marks it as damaged.')
    .action(async (_flags: object, command: Command) => {
      const { settings, json } = readContext(command);
      const operation = async (run: Run) =>
        (await import('../../operations/imagesVerify.ts')).imagesVerify({ settings }, run);
      const face = async () => textFace({ outcome: (await rendering()).renderVerified });
      const exitCode = (value: ImagesVerifyOutcome) =>
        value.images.some(({ result }) => result === 'damaged') ? IMAGE_DAMAGED : 0;
      finish(await runSession({ command: 'images verify', json, face, operation, exitCode }));
    });
}

function addPrune(images: Command, finish: Finish): void {
  images
    .command('prune')
    .description('remove unused images and interrupted downloads')
    .option('--dry-run', 'only list what would be removed')
    .action(async (flags: { readonly dryRun?: boolean }, command: Command) => {
      const { settings, json } = readContext(command);
      const options = { settings, dryRun: flags.dryRun ?? false };
      const operation = async (run: Run) => (await import('../../operations/imagesPrune.ts')).imagesPrune(options, run);
      const face = async () => textFace({ outcome: (await rendering()).renderPruned });
      finish(await runSession({ command: 'images prune', json, face, operation }));
    });
}

function addImport(images: Command, finish: Finish): void {
  images
    .command('import')
    .description('add an image file to the cache, as if it had been downloaded')
    .argument(
      '<file>',
      'qcow2, raw, VHD, VMDK or VDI; plain, compressed with gzip, xz or zstd, or as the only disk in a tar archive',
    )
    .action(async (file: string, _flags: object, command: Command) => {
      const { config, settings, json } = readContext(command);
      const options = { config, settings, file: resolve(file) };
      const operation = async (run: Run) =>
        (await import('../../operations/imagesImport.ts')).imagesImport(options, run);
      const face = async () => textFace({ outcome: (await rendering()).renderImported });
      finish(await runSession({ command: 'images import', json, face, operation }));
    });
}
