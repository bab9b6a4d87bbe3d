import type { ReadAt, WriteAt } from './transfer.ts';

/** `device`: a character device, such as /dev/null. `other`: a FIFO, a socket, a disk. */
export type FileKind = 'file' | 'folder' | 'link' | 'device' | 'other';

export interface FileFacts {
  readonly kind: FileKind;
  /** Permission bits only: no setuid, and none at all from a host that has none. */
  readonly mode: number | undefined;
  readonly size: number;
}

export interface FolderEntry {
  readonly name: string;
  /** Undefined when only `stat` tells. Of a link itself. */
  readonly facts: FileFacts | undefined;
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

export interface WriteTarget {
  readonly path: string;
  readonly mode: number | undefined;
  /** Below a copied folder, a link that is there must not lead elsewhere: then this is false. */
  readonly follow: boolean;
}

/** The files of this host or of a guest, as a copy sees them. Errors name the path. */
export interface FileSide {
  /** Undefined when there is nothing. */
  stat(path: string, follow: boolean): Promise<FileFacts | undefined>;
  /** In pieces, as they come: a folder may have no end. */
  list(path: string): AsyncIterable<readonly FolderEntry[]>;
  join(folder: string, name: string): string;
  readLink(path: string): Promise<string>;
  /** Replaces a link that is there. */
  makeLink(target: string, path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** A whole file of `size` bytes in as few round trips as there are; undefined when it is of another size now. */
  readWhole(path: string, size: number): Promise<Buffer | undefined>;
  writeWhole(target: WriteTarget, bytes: Buffer): Promise<void>;
  openToRead(path: string): Promise<OpenReader>;
  openToWrite(target: WriteTarget): Promise<OpenWriter>;
  /** The path as messages have it. */
  show(path: string): string;
}

export const PERMISSIONS = 0o777;
/** While a folder is filled, whatever its own mode will be. */
export const FILLING_MODE = 0o700;

/** By the type bits of a mode (stat(2)), which SFTP has as well. */
export function kindOf(mode: number): FileKind {
  switch (mode & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'folder';
    case 0o120000:
      return 'link';
    case 0o020000:
      return 'device';
    default:
      return 'other';
  }
}
