import { DEFAULT_MAX_IMAGE_BYTES } from '../config/defaults.ts';
import type { ImagesImportOptions, ImagesImportOutcome } from '../contract/images.ts';
import { importImage } from '../images/importImage.ts';
import { findQemu } from '../vm/host/qemu.ts';
import { imageLimit } from './project/imageLimit.ts';
import { imageRun } from './project/imageRun.ts';
import type { Operation } from './run.ts';

/** Takes an image that was got in another way into the cache; it is found by its digest from then on. */
export const imagesImport: Operation<ImagesImportOptions, ImagesImportOutcome> = async (options, run) => {
  const { settings, file, config } = options;
  const maxBytes = config ? imageLimit({ config, settings }) : DEFAULT_MAX_IMAGE_BYTES;
  const qemuImg = findQemu(settings).image;
  return {
    value: await importImage({ home: settings.home, qemuImg, file, maxBytes }, imageRun(run, [])),
    diagnostics: [],
  };
};
