/** A file that may have the checksum of an image. */
export interface ChecksumFile {
  readonly url: string;
  /** For people: its name, or what it adds to the image's name. */
  readonly label: string;
  /** It is about the image alone. */
  readonly alone: boolean;
}

/** Appended to the image's name: by Alpine and Gentoo, CentOS, Arch, openEuler, Rocky, Flatcar. */
const SUFFIXES = ['.sha256', '.sha512', '.SHA256', '.SHA256SUM', '.sha256sum', '.CHECKSUM', '.DIGESTS'];

/** Lists of a folder: of Debian, Ubuntu and Amazon, Rocky, Alma and CentOS, FreeBSD, OpenWrt, Void. */
const LISTS = [
  'SHA512SUMS',
  'SHA256SUMS',
  'CHECKSUM',
  'CHECKSUM.SHA512',
  'CHECKSUM.SHA256',
  'sha256sums',
  'sha256sum.txt',
];

/** Where publishers put the checksums of a file, the surest first. */
export function checksumFiles(url: string): ChecksumFile[] {
  const image = new URL(url);
  image.search = '';
  image.hash = '';
  const beside = (label: string): ChecksumFile => {
    const { href } = Object.assign(new URL(image), { pathname: `${image.pathname}${label}` });
    return { url: href, label, alone: true };
  };
  const fedora = fileNames(url).flatMap((name) => fedoraList(name) ?? []);
  const lists = [...new Set([...fedora, ...LISTS])];
  return [...SUFFIXES.map(beside), ...lists.map((label) => ({ url: new URL(label, image).href, label, alone: false }))];
}

/** Such as `Fedora-Cloud-44-1.7-x86_64-CHECKSUM` for `Fedora-Cloud-Base-Generic-44-1.7.x86_64.qcow2`. */
function fedoraList(name: string): string | undefined {
  const variant = /^Fedora-([A-Za-z]+)-/.exec(name)?.[1];
  const release = /-(\d+-\d+(?:\.\d+)*)[.-]/.exec(name)?.[1];
  const architecture = /x86_64|aarch64|ppc64le|s390x|riscv64/.exec(name)?.[0];
  if (variant === undefined || release === undefined || architecture === undefined) return undefined;
  return `Fedora-${variant}-${release}-${architecture}-CHECKSUM`;
}

/** What a checksum file may call the file of a URL: with the percent-encoding resolved, or as it is written. */
export function fileNames(url: string): string[] {
  const written = new URL(url).pathname.split('/').at(-1) ?? '';
  return [...new Set([decode(written), written])];
}

/** Not every percent-encoding is UTF-8: `%E4` is a letter in Latin-1. */
function decode(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}
