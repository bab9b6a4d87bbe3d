import { randomBytes } from 'node:crypto';
import { messageOf } from '../contract/failures.ts';
import { identify } from '../process/identity.ts';
import { writeFileAtomic } from '../state/files.ts';
import { projectFiles } from '../state/layout.ts';
import { removeOwnFile } from '../state/ownFile.ts';
import { readRootId } from '../state/rootClaims.ts';
import { readArguments } from './arguments.ts';
import { Broker } from './broker.ts';
import { type BrokerRecord, readBrokerRecord } from './records/brokerRecord.ts';
import type { BrokerSettings } from './settings.ts';

/** EX_USAGE and EX_UNAVAILABLE of sysexits.h. */
const USAGE = 64;
const UNAVAILABLE = 69;
/** Everything is written before this; what still waits for a guest that does not read is not worth more. */
const DRAIN_MS = 700;

/** `castra broker`, which `up` starts: serves one project until it is told to stop. */
export async function runBroker(words: readonly string[]): Promise<void> {
  let settings: BrokerSettings;
  let stateRoot: string;
  try {
    ({ stateRoot, settings } = readArguments(words));
  } catch (error) {
    process.stderr.write(`castra broker: ${messageOf(error)}\n`);
    process.exitCode = USAGE;
    return;
  }
  try {
    await serve(stateRoot, settings);
  } catch (error) {
    process.stderr.write(`castra broker: ${messageOf(error)}\n`);
    process.exit(UNAVAILABLE);
  }
}

async function serve(stateRoot: string, settings: BrokerSettings): Promise<void> {
  const files = projectFiles(stateRoot);
  const broker = new Broker(stateRoot, settings);
  // Before it listens: a program that finds the port must be able to log in.
  writeFileAtomic(files.hostToken, `${randomBytes(32).toString('hex')}\n`);
  const port = await broker.listen();
  const process_ = identify(process.pid);
  if (process_ === undefined) throw new Error('this process cannot be identified');
  const record: BrokerRecord = { format: 1, root: readRootId(stateRoot) ?? '', ...process_, port, auth: settings.auth };
  writeFileAtomic(files.brokerPid, `${process.pid}\n`);
  writeFileAtomic(files.brokerRecord, `${JSON.stringify(record, null, 2)}\n`);
  const stop = () => void conclude(stateRoot, broker);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, stop);
}

async function conclude(stateRoot: string, broker: Broker): Promise<void> {
  setTimeout(() => process.exit(0), DRAIN_MS).unref();
  broker.stop();
  const files = projectFiles(stateRoot);
  // A broker that was started in our place has files of its own.
  if (readBrokerRecord(stateRoot)?.pid !== process.pid) return;
  for (const path of [files.brokerRecord, files.brokerPid, files.hostToken]) removeOwnFile(path);
}
