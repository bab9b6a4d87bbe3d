import { isSameProcess, type ProcessIdentity } from '../../process/identity.ts';
import { number, object, oneOf, text } from '../../state/decode.ts';
import { readJsonIfAny } from '../../state/files.ts';
import { projectFiles } from '../../state/layout.ts';
import { readRootId } from '../../state/rootClaims.ts';

/** What a broker writes once it listens. */
export interface BrokerRecord extends ProcessIdentity {
  readonly format: 1;
  /** The id of its state root: elsewhere it is a copy, and means nothing. */
  readonly root: string;
  readonly port: number;
  readonly auth: 'token' | 'none';
}

const isRecord = object<BrokerRecord>({
  format: oneOf(1),
  root: text,
  pid: number,
  startToken: text,
  port: number,
  auth: oneOf('token', 'none'),
});

/** Undefined when there is none or it is not one of this state root. */
export function readBrokerRecord(stateRoot: string): BrokerRecord | undefined {
  const value = readJsonIfAny(projectFiles(stateRoot).brokerRecord);
  return isRecord(value) && value.root === readRootId(stateRoot) ? value : undefined;
}

/** The broker that runs; undefined when none does, whatever a killed one left. */
export function runningBroker(stateRoot: string): BrokerRecord | undefined {
  const record = readBrokerRecord(stateRoot);
  return record !== undefined && isSameProcess(record) ? record : undefined;
}
