import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { messageOf } from '../../contract/failures.ts';
import { type BootstrapPlan, isShared, type Unit } from '../plan.ts';
import { type PayloadEntry, PayloadError, readPayload } from './payload.ts';

/** What is sent, and the hashes that tell whether anything changed. */
export interface Artifact {
  /** Of everything that decides what a run does; the stamp has it. */
  readonly hash: string;
  /** Of the files in the guest alone: the same ones are not sent again. */
  readonly transferHash: string;
  /** In the order in which they are sent. */
  readonly members: readonly Member[];
  readonly payloadBytes: number;
  /** Of the payload's and the scripts' files, the latest. */
  readonly newest: number;
}

/** A payload entry, or a script whose bytes are here already. */
export type Member = PayloadEntry | TextMember;

interface TextMember {
  readonly kind: 'text';
  readonly name: string;
  readonly mode: number;
  readonly mtime: number;
  readonly bytes: Buffer;
}

/** Reads all scripts and payloads. Fails with PayloadError. */
export function readArtifact(plan: BootstrapPlan): Artifact {
  const scripts = plan.units.flatMap(readScript);
  const payloads = payloadsOf(plan);
  const sent = createHash('sha256').update(isShared(plan) ? 'shared\0' : 'private\0');
  for (const { name, bytes } of scripts) sent.update(`text\0${name}\0`).update(bytes);
  const hash = hashArtifact(plan, payloads, sent);
  const members = [...scripts, ...payloads.flatMap(({ prefix, entries }) => place(prefix, entries))];
  return {
    hash,
    transferHash: sent.digest('hex'),
    members,
    payloadBytes: members.reduce((sum, member) => sum + (member.kind === 'file' ? member.size : 0), 0),
    newest: members.reduce((latest, { mtime }) => Math.max(latest, mtime), 0),
  };
}

interface Payload {
  /** Where it goes, with a `/` at its end. */
  readonly prefix: string;
  readonly entries: readonly PayloadEntry[];
}

function payloadsOf({ payload, units }: BootstrapPlan): Payload[] {
  return [
    ...(payload === undefined ? [] : [{ prefix: 'payload/', entries: readPayload(payload) }]),
    ...units.flatMap((unit) =>
      unit.payload === undefined ? [] : [{ prefix: `steps/${unit.name}/payload/`, entries: readPayload(unit.payload) }],
    ),
  ];
}

/** With the folder itself, which may be empty. */
function place(prefix: string, entries: readonly PayloadEntry[]): Member[] {
  const folder = { kind: 'folder', name: prefix.slice(0, -1), mode: 0o755, mtime: 0 } as const;
  return [folder, ...entries.map((entry) => ({ ...entry, name: `${prefix}${entry.name}` }))];
}

const EXECUTABLE = 0o755;

function readScript({ run, place: name }: Unit): TextMember[] {
  if (run === undefined || name === undefined) return [];
  const bytes = run.kind === 'inline' ? Buffer.from(`${run.text}\n`) : readBytes(run.path);
  return [{ kind: 'text', name, mode: EXECUTABLE, mtime: 0, bytes }];
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new PayloadError(`the script cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * The stream of bytes that reference 10.5 describes; what a script alone does not have comes behind it. `sent` gets
 * what is sent of the payloads, so that each file is read once.
 */
function hashArtifact(plan: BootstrapPlan, payloads: readonly Payload[], sent: Hash): string {
  const hash = createHash('sha256');
  const [single] = plan.isSingle ? plan.units : [];
  hash
    .update('script\0')
    .update(single ? scriptBytes(single) : '')
    .update('\0payload\0');
  for (const { prefix, entries } of payloads) {
    for (const entry of entries) {
      sent.update(`${entry.kind}\0${prefix}${entry.name}\0${entry.mode.toString(8)}\0`);
      hashEntry(entry, prefix === 'payload/' ? entry.name : `${prefix}${entry.name}`, hash, sent);
    }
  }
  hash.update('\0env\0');
  for (const [key, value] of sorted(plan.env)) hash.update(`${key}\0${value}\0`);
  const { command = '', path } = plan.verify;
  const verifyPath = path === undefined ? '' : path.startsWith('/') ? path : `${plan.remoteDir}/${path}`;
  hash.update(`\0remote_dir\0${plan.remoteDir}\0verify_command\0${command}\0verify_path\0${verifyPath}\0`);
  if (!plan.isSingle) for (const unit of plan.units) hashUnit(hash, unit);
  return hash.digest('hex');
}

const sorted = (env: Readonly<Record<string, string>>) => Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));

const scriptBytes = (unit: Unit): Buffer => readScript(unit)[0]?.bytes ?? Buffer.alloc(0);

function hashEntry(entry: PayloadEntry, name: string, hash: Hash, sent: Hash): void {
  switch (entry.kind) {
    case 'folder':
      hash.update(`dir\0${name}\0`);
      return;
    case 'link':
      hash.update(`link\0${name}\0${entry.target}\0`);
      sent.update(`${entry.target}\0`);
      return;
    case 'file':
      hash.update(`file\0${name}\0`);
      readFile(entry.path, (bytes) => {
        hash.update(bytes);
        sent.update(bytes);
      });
      hash.update('\0');
  }
}

/** Whatever changes what a step does; limits and retries do not. */
function hashUnit(hash: Hash, unit: Unit): void {
  const { name, user = '', creates = '', check = '', needs, reboot, env } = unit;
  hash.update(`step\0${name}\0`).update(scriptBytes(unit));
  for (const [key, value] of sorted(env)) hash.update(`\0${key}\0${value}`);
  hash.update(`\0${user}\0${creates}\0${check}\0${needs.join(',')}\0${reboot}\0`);
}

const CHUNK_BYTES = 256 * 1024;
const chunk = Buffer.alloc(CHUNK_BYTES);

function readFile(path: string, take: (bytes: Buffer) => void): void {
  try {
    const file = openSync(path, 'r');
    try {
      for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) take(chunk.subarray(0, read));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new PayloadError(`the payload cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
