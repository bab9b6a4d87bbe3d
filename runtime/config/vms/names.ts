import { hash } from 'node:crypto';

/** Each is the name of something else beside a VM's own files and on the bus. */
const RESERVED = ['host', 'broker', 'bus', 'operation'];
export const MAX_NAME = 63;

/** What is wrong with a VM's name, which is not empty; undefined when nothing is. It becomes a host name, a file name and a socket name. */
export function explainBadName(name: string): string | undefined {
  if (name.length > MAX_NAME)
    return `"${name.slice(0, 20)}…" is longer than ${MAX_NAME} characters, the limit of host names.`;
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name)) {
    return `"${name}" cannot be a VM's name: it may have lower-case letters, digits and inner hyphens.`;
  }
  return RESERVED.includes(name) ? `"${name}" is reserved for Castra itself.` : undefined;
}

/** A name near the given one that is allowed. */
export function slugify(text: string, fallback: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_NAME)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? fallback : slug;
}

export function shortHash(text: string, digits: number): string {
  return hash('sha256', text).slice(0, digits);
}
