/** Folders of the guest's own, and homes. */
const NEEDED =
  /^(?:|bin|boot|dev|etc|home(?:\/[^/]+)?|lib\w*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr(?:\/\w+)?|var(?:\/\w+)?)$/;

/**
 * Why a folder cannot be the one that a bootstrap replaces; undefined when it can. Guests are Unix, and what the folder
 * held is deleted before a script comes.
 */
export function explainRemoteDir(folder: string): string | undefined {
  const parts = folder.split('/').filter((part) => part !== '' && part !== '.');
  const isAbsolute = folder.startsWith('/') && !parts.includes('..') && !/[\0\n\r]/.test(folder);
  if (!isAbsolute) return `"${folder}" is not an absolute path in the guest without ".."`;
  return NEEDED.test(parts.join('/'))
    ? `The guest needs "${folder}", but Castra deletes the content of a bootstrap folder first`
    : undefined;
}
