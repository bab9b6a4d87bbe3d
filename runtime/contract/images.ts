import type { ConfigSelection, HostSettings, ProjectOptions } from './project.ts';
import type { Architecture, Digest } from './vocabulary.ts';

export interface ImagesListOptions {
  readonly settings: HostSettings;
}

/** Without a URL: the images of the project, or the default one where there is no project. */
export interface ImagesPullOptions extends ProjectOptions {
  readonly url?: string;
  readonly digest?: Digest;
}

export interface ImagesVerifyOptions {
  readonly settings: HostSettings;
}

export interface ImagesPruneOptions {
  readonly settings: HostSettings;
  /** Only list what would be removed. */
  readonly dryRun?: boolean;
}

export interface ImagesImportOptions {
  readonly settings: HostSettings;
  /** Whose `[images] max_size` counts, where there is one; without it the default. */
  readonly config?: ConfigSelection;
  /** Absolute. */
  readonly file: string;
}

/** A disk that stands on a cached image. */
export interface ImageUser {
  readonly project: string;
  readonly vm: string;
  readonly kind: 'running' | 'stopped' | 'kept';
  /** The overlay. */
  readonly path: string;
}

export interface ImageSummary {
  /** Of the cached qcow2 file. */
  readonly sha256: string;
  readonly path: string;
  readonly bytes: number;
  /** What it came from, as it was before it was unpacked or converted. */
  readonly sources: readonly {
    readonly url?: string;
    readonly sha256: string;
    readonly sha512?: string;
    readonly format: string;
  }[];
  readonly fetchedAt: string;
  readonly lastUsedAt: string;
  /** Its content is known to be wrong. */
  readonly damaged: boolean;
  readonly users: readonly ImageUser[];
}

export interface ImagesListOutcome {
  readonly folder: string;
  readonly images: readonly ImageSummary[];
}

export interface PulledImage {
  readonly url: string;
  readonly sha256: string;
  readonly path: string;
  readonly bytes: number;
}

export interface ImagesPullOutcome {
  readonly images: readonly PulledImage[];
}

export interface VerifiedImage {
  readonly sha256: string;
  readonly path: string;
  readonly result: 'sound' | 'damaged';
  /** Damaged and deleted, for nothing stood on it. */
  readonly deleted: boolean;
  readonly users: readonly ImageUser[];
}

export interface ImagesVerifyOutcome {
  readonly images: readonly VerifiedImage[];
}

export interface PrunedFile {
  readonly path: string;
  readonly bytes: number;
  readonly result: 'removed' | 'planned' | 'kept';
  /** Why it was kept. */
  readonly reason?: string;
}

export interface ImagesPruneOutcome {
  readonly dryRun: boolean;
  readonly files: readonly PrunedFile[];
  readonly reclaimedBytes: number;
}

export interface ImagesImportOutcome {
  readonly path: string;
  /** Of the cached qcow2 file. */
  readonly sha256: string;
  readonly bytes: number;
  /** Of the file as it was given: what `base_image_sha256` has to say. */
  readonly source: { readonly sha256: string; readonly sha512: string; readonly format: string };
  /** Its architecture, when it is one of Castra's default images. */
  readonly defaultFor?: Architecture;
}

/** What happens to a base image; `url` is the one of the mirror that is being asked. */
export type ImageStep =
  /** Castra asks for checksum files beside the image. */
  | { readonly type: 'image.checksum-wanted'; readonly url: string }
  | {
      readonly type: 'image.download-started';
      readonly url: string;
      /** Bytes that an earlier, broken-off download left. */
      readonly resumedBytes: number;
      readonly totalBytes?: number;
    }
  /** Told at most a few times a second. `byPid`: another process downloads it, and this one waits. */
  | {
      readonly type: 'image.progress';
      readonly url: string;
      readonly receivedBytes: number;
      readonly totalBytes?: number;
      readonly byPid?: number;
    }
  | {
      readonly type: 'image.retrying';
      readonly url: string;
      readonly reason: string;
      readonly delayMs: number;
    }
  /** Something that was downloaded is of no use and was deleted. */
  | { readonly type: 'image.discarded'; readonly path: string; readonly reason: string }
  | { readonly type: 'image.verified'; readonly path: string; readonly digest: string }
  | { readonly type: 'image.unpacking'; readonly url: string; readonly from: string }
  | { readonly type: 'image.converting'; readonly url: string; readonly from: string }
  | { readonly type: 'image.ready'; readonly url: string; readonly path: string; readonly bytes: number };

/** A step, and the VMs of the command that wait for the image; none for a command that is about the image itself. */
export type ImageEvent = ImageStep & { readonly vms: readonly string[] };
