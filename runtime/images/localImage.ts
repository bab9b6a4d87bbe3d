import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Qcow2Error } from '../disks/qcow2.ts';
import { object, text } from '../state/decode.ts';
import { readJsonIfAny, writeFileAtomic } from '../state/files.ts';
import { imageFiles } from '../state/layout.ts';
import { addImage } from './addImage.ts';
import { holdDownload } from './downloadLock.ts';
import type { ImageRun } from './ensureImage.ts';
import { prepareCache } from './store.ts';
import { findSound } from './verify.ts';

export interface LocalImage {
  readonly home: string;
  readonly qemuImg: string;
  readonly maxBytes: number;
  readonly path: string;
}

/** What a file was converted to, and what it was then. */
interface Conversion {
  readonly path: string;
  readonly stamp: string;
  /** Of the cached qcow2 file. */
  readonly sha256: string;
}

/**
 * The path of a file of the user's as a cached qcow2 image: converted once, and again when the file is another one.
 * Fails with Qcow2Error when it is not a disk.
 */
export async function takeLocalImage(local: LocalImage, run: ImageRun): Promise<string> {
  const { home, path } = local;
  prepareCache(home);
  const key = keyOf(path);
  const known = await findConverted(local, key, run);
  if (known !== undefined) return known;
  const free = await holdDownload({ home, key, url: path }, run);
  try {
    // Another command may have converted it meanwhile.
    return (await findConverted(local, key, run)) ?? (await convert(local, key, run));
  } finally {
    free();
  }
}

/** One for each file, whatever links lead to it. */
function keyOf(path: string): string {
  return createHash('sha256')
    .update(`file\n${realpathSync(path)}`)
    .digest('hex')
    .slice(0, 32);
}

async function findConverted({ home, path }: LocalImage, key: string, run: ImageRun): Promise<string | undefined> {
  const conversion = readJsonIfAny(notePath(home, key));
  if (!isConversion(conversion) || conversion.stamp !== stampOf(path)) return undefined;
  const image = await findSound(home, { algorithm: 'sha256', hex: conversion.sha256 }, run);
  return image && imageFiles(home).image(image.sha256);
}

async function convert({ home, qemuImg, maxBytes, path }: LocalImage, key: string, run: ImageRun): Promise<string> {
  const stamp = stampOf(path);
  const image = await addImage({ home, qemuImg, key, file: path, name: path, maxBytes, isBorrowed: true }, run);
  if (stampOf(path) !== stamp) throw new Qcow2Error('it was changed while Castra read it', { advice: 'Try again.' });
  const conversion: Conversion = { path, stamp, sha256: image.sha256 };
  writeFileAtomic(notePath(home, key), `${JSON.stringify(conversion, null, 2)}\n`);
  return imageFiles(home).image(image.sha256);
}

const notePath = (home: string, key: string): string => join(imageFiles(home).converted, `${key}.json`);

/** Another one after every write and for every other file; reading all of a disk each time would take minutes. */
function stampOf(path: string): string {
  const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
  return `${dev}:${ino}:${size}:${mtimeNs}`;
}

const isConversion = object<Conversion>({ path: text, stamp: text, sha256: text });
