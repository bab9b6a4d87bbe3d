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
    .description('show, get, check and remove cached base images')
    .addHelpText(
      'after',
      exampleText([
        ['castra images', 'what is cached, and which VMs stand on it'],
        ['castra images pull', 'get the images of the project ahead of time'],
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
    .description('show the cached images and what stands on them (default)')
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
    .argument('[url]', 'where it is (default: the images of the project, or the default one)')
    .option('--sha256 <digest>', 'what it must be', (text) => parseHex(text, 64))
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
    throw new CastraError({ kind: 'usage', detail: 'One digest is enough: pass --sha256 or --sha512.' });
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
    .description('read all cached images; exits with 1 when one is damaged')
    .addHelpText('after', '\nA damaged image is deleted when nothing stands on it; else it is only marked.')
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
    .description('remove images that no disk stands on, and broken-off downloads')
    .option('--dry-run', 'only say what would be removed')
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
    .description('take an image file into the cache, as if it had been downloaded')
    .argument('<file>', 'qcow2, raw, VHD or VMDK; plain or packed with gzip, xz or zstd')
    .action(async (file: string, _flags: object, command: Command) => {
      const { settings, json } = readContext(command);
      const options = { settings, file: resolve(file) };
      const operation = async (run: Run) =>
        (await import('../../operations/imagesImport.ts')).imagesImport(options, run);
      const face = async () => textFace({ outcome: (await rendering()).renderImported });
      finish(await runSession({ command: 'images import', json, face, operation }));
    });
}
