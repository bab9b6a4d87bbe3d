import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { brokerArguments } from '../../broker/arguments.ts';
import { type BrokerRecord, runningBroker } from '../../broker/records/brokerRecord.ts';
import { DEFAULT_QUEUE } from '../../broker/settings.ts';
import type { ProjectConfig } from '../../config/project.ts';
import { CastraError, messageOf } from '../../contract/failures.ts';
import { followFile } from '../../logs/follow.ts';
import { sizeOf } from '../../logs/rotated.ts';
import { startDetached } from '../../process/spawn.ts';
import { ensurePrivateDirectory } from '../../state/files.ts';
import { projectFiles } from '../../state/layout.ts';
import { openOwnLog } from '../../state/ownFile.ts';
import type { Run } from '../run.ts';
import { inTurn } from './turn.ts';

/** A Node under full load of a host takes a second; the original gave up after 3 s. */
const START_MS = 10_000;
const LOOK_MS = 5;
/** Bytes of its log in which its reason is looked for. */
const LAST_WORDS = 4096;

type Wanted = Pick<ProjectConfig, 'stateRoot' | 'broker' | 'logs'>;

/**
 * The broker of a project: the one that runs, or a new one; there are never two. Fails with `broker-failed`.
 */
export async function startBroker(project: Wanted, run: Run): Promise<BrokerRecord> {
  const running = runningBroker(project.stateRoot);
  try {
    // Looked at again in turn: another command may have started one meanwhile.
    const record = running ?? (await inTurn(project.stateRoot, run.signal, () => ensure(project, run.signal)));
    const type = running ? 'broker.adopted' : 'broker.started';
    run.report({ type, pid: record.pid, port: record.port });
    return record;
  } catch (error) {
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    throw new CastraError({ kind: 'broker-failed', detail: messageOf(error) }, { cause: error });
  }
}

async function ensure(project: Wanted, signal: AbortSignal): Promise<BrokerRecord> {
  return runningBroker(project.stateRoot) ?? (await launch(project, signal));
}

async function launch({ stateRoot, broker, logs }: Wanted, signal: AbortSignal): Promise<BrokerRecord> {
  const files = projectFiles(stateRoot);
  ensurePrivateDirectory(files.logs);
  const args = brokerArguments(stateRoot, { ...broker, queue: DEFAULT_QUEUE, logs });
  const output = openOwnLog(files.brokerLog, 'append');
  try {
    const child = await startDetached(process.execPath, [commandLinePath(), ...args], {
      output,
      env: nodeEnvironment(),
    });
    return await waitUntilItListens(child, stateRoot, signal);
  } finally {
    closeSync(output);
  }
}

/** A Node that is VS Code's must be told to be one (electronjs.org, "ELECTRON_RUN_AS_NODE"). */
const nodeEnvironment = (): NodeJS.ProcessEnv => (process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {});

/** The command line that was built with this code. */
function commandLinePath(): string {
  const paths = [join(CASTRA_DIST, 'cli.js'), join(CASTRA_DIST, '..', 'cli.js')];
  const path = paths.find((one) => existsSync(one));
  if (path === undefined) throw new Error(`cli.js is missing beside ${CASTRA_DIST}; reinstall Castra`);
  return path;
}

async function waitUntilItListens(child: ChildProcess, stateRoot: string, signal: AbortSignal): Promise<BrokerRecord> {
  let ended: string | undefined;
  child.once('exit', (code, by) => {
    ended = by ? `it was killed by ${by}` : `it ended with code ${code}`;
  });
  const deadline = performance.now() + START_MS;
  for (;;) {
    const record = runningBroker(stateRoot);
    if (record?.pid === child.pid && record !== undefined) return record;
    if (ended !== undefined) throw new Error(explainEnd(ended, stateRoot));
    if (signal.aborted || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`it did not listen within ${START_MS / 1000} s`);
    }
    await delay(LOOK_MS);
  }
}

/** Its last words are in its log. */
function explainEnd(ended: string, stateRoot: string): string {
  const { brokerLog } = projectFiles(stateRoot);
  const end = followFile(brokerLog, Math.max(0, sizeOf(brokerLog) - LAST_WORDS)).read();
  const said = [...end.matchAll(/^castra broker: (.*)$/gm)].at(-1)?.[1];
  return said ?? `${ended}; see ${brokerLog}`;
}
