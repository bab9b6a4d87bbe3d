import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { UserData } from '../config/project.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { Part } from './mime.ts';

/** Text that the user adds to the guest's user data, and what to call it in the guest. */
export interface UserText {
  readonly text: string;
  readonly filename: string;
}

/** Clouds allow 16 KiB to 1 MiB; whatever is larger is surely not meant to be read by cloud-init. */
const MAX_USER_DATA_BYTES = 4 * 1024 * 1024;

/** The type of a text, by its first line (cloudinit/handlers/__init__.py, INCLUSION_TYPES_MAP). Longer ones first. */
const CONTENT_TYPES: readonly (readonly [string, string])[] = [
  ['#cloud-config-archive', 'text/cloud-config-archive'],
  ['#cloud-config-jsonp', 'text/cloud-config-jsonp'],
  ['#cloud-config', 'text/cloud-config'],
  ['#cloud-boothook', 'text/cloud-boothook'],
  ['#include-once', 'text/x-include-once-url'],
  ['#include', 'text/x-include-url'],
  ['#part-handler', 'text/part-handler'],
  ['## template: jinja', 'text/jinja2'],
  ['#!', 'text/x-shellscript'],
];

const MESSAGE = /^(?:content-type|mime-version):/i;

/** Reads the file that `user_data` names. Throws `seed-failed`. */
export function readUserData(vm: string, userData: UserData): UserText {
  if (userData.kind === 'inline') return { text: userData.text, filename: 'user-data' };
  const { path } = userData;
  try {
    return { text: readText(path), filename: filenameFor(path) };
  } catch (error) {
    const detail = `its user_data ${path} cannot be used: ${messageOf(error)}. Correct the file, or the path in castra.toml.`;
    throw new CastraError({ kind: 'seed-failed', vm, detail }, { cause: error });
  }
}

function readText(path: string): string {
  // Asked before it is opened: opening a pipe would wait for its writer.
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error('it is not a file');
  if (stat.size > MAX_USER_DATA_BYTES) throw new Error(`it has more than ${MAX_USER_DATA_BYTES} bytes`);
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
}

/** It ends up in a header and as the name of a script. */
function filenameFor(path: string): string {
  return (
    basename(path)
      .replace(/[^A-Za-z0-9._-]/g, '_')
      .slice(-100) || 'user-data'
  );
}

/** The user's text as a part, not a byte changed. Throws `seed-failed` when cloud-init would not know what it is. */
export function userPart(vm: string, { text, filename }: UserText): Part {
  if (MESSAGE.test(text)) return { kind: 'message', text };
  const beginning = text.slice(0, 100).toLowerCase();
  const contentType = CONTENT_TYPES.find(([prefix]) => beginning.startsWith(prefix))?.[1];
  if (contentType !== undefined) return { kind: 'content', contentType, filename, text };
  const allowed = [...CONTENT_TYPES.map(([prefix]) => prefix), 'Content-Type:', 'MIME-Version:'].join(', ');
  const detail = `its user_data begins with ${JSON.stringify(firstLine(text))}, which cloud-init does not understand. Start it with one of: ${allowed}.`;
  throw new CastraError({ kind: 'seed-failed', vm, detail });
}

const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').slice(0, 60);
