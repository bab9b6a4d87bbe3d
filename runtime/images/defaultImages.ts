import type { Architecture, Digest } from '../contract/vocabulary.ts';

/** What a mirror stands for: it serves the same files below an address of its own. */
const ALPINE = 'https://dl-cdn.alpinelinux.org/alpine';

/** An image that this version of Castra was made for, byte for byte. */
export interface DefaultImage {
  /** Below Alpine's address or a mirror's. */
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
}

/**
 * Pinned, so that the same Castra always starts the same guest. QEMU's machines for x86_64 start with a BIOS, those for
 * aarch64 with UEFI; cloud-init is what reads the seed.
 */
export const defaultImages: Readonly<Record<Architecture, DefaultImage>> = {
  x86_64: {
    path: '/v3.24/releases/cloud/generic_alpine-3.24.1-x86_64-bios-cloudinit-r0.qcow2',
    digest: { algorithm: 'sha256', hex: '6e2e6fe0572b6632527f268d3659e8fccebda4e1ee470fafe2c4d7b85b6a4df6' },
    bytes: 183_697_408,
  },
  aarch64: {
    path: '/v3.24/releases/cloud/generic_alpine-3.24.1-aarch64-uefi-cloudinit-r0.qcow2',
    digest: { algorithm: 'sha256', hex: '3059a6280977c2122982632e0317c5ddbd39069d46ca1e60480de283091f720f' },
    bytes: 239_271_936,
  },
};

/** Alpine's own URL of a default image: its name, whichever mirror it comes from. */
export const alpineUrl = ({ path }: DefaultImage): string => `${ALPINE}${path}`;

/** Where to ask for a default image, in order; Alpine's own server comes last. */
export function defaultImageUrls(image: DefaultImage, mirrors: readonly string[]): string[] {
  const bases = [...mirrors, ALPINE].map((mirror) => mirror.replace(/\/+$/, ''));
  return [...new Set(bases)].map((base) => `${base}${image.path}`);
}
