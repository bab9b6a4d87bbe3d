import type { ReadAt, WriteAt } from './transfer.ts';

export type FileKind = 'file' | 'folder' | 'link' | 'other';

export interface FileFacts {
  readonly kind: FileKind;
  /** Permission bits only: no setuid, and none at all from a host that has none. */
  readonly mode: number | undefined;
  readonly size: number;
}

export interface OpenReader {
  readonly read: ReadAt;
  close(): Promise<void>;
}

export interface OpenWriter {
  readonly write: WriteAt;
  /** Ends the file, with the mode of its source. */
  close(mode: number | undefined): Promise<void>;
}

/** The files of this host or of a guest, as a copy sees them. Errors name the path. */
export interface FileSide {
  /** Undefined when there is nothing. */
  stat(path: string, follow: boolean): Promise<FileFacts | undefined>;
  list(path: string): Promise<string[]>;
  join(folder: string, name: string): string;
  readLink(path: string): Promise<string>;
  /** Replaces a link that is there. */
  makeLink(target: string, path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  openToRead(path: string): Promise<OpenReader>;
  /** Below a copied folder, a link that is there must not lead elsewhere: `follow` is false. */
  openToWrite(path: string, mode: number | undefined, follow: boolean): Promise<OpenWriter>;
  /** The path as messages have it. */
  show(path: string): string;
}

export const PERMISSIONS = 0o777;
/** While a folder is filled, whatever its own mode will be. */
export const FILLING_MODE = 0o700;
