import { parseArgs } from 'node:util';
import { readRootId } from '../state/rootClaims.ts';
import { type BrokerSettings, DEFAULT_QUEUE } from './settings.ts';

/** The command line of a broker: no secret is on it. */
export function brokerArguments(stateRoot: string, settings: BrokerSettings): string[] {
  const { port, isDefaultPort, auth, journal, slowConsumer, queue, publishRate, logs } = settings;
  return [
    ...['broker', '--state-root', stateRoot, '--port', String(port), '--auth', auth],
    ...['--slow-consumer', slowConsumer, '--queue-bytes', String(queue.bytes)],
    ...['--publish-rate', String(publishRate), '--log-bytes', String(logs.maxBytes), '--log-keep', String(logs.keep)],
    ...(isDefaultPort ? ['--any-port'] : []),
    ...(journal ? [] : ['--no-journal']),
  ];
}

/** Throws a sentence for what `up` would not have written. */
export function readArguments(words: readonly string[]): { stateRoot: string; settings: BrokerSettings } {
  const { values } = parseArgs({
    args: words.slice(1),
    options: {
      'state-root': { type: 'string' },
      port: { type: 'string' },
      auth: { type: 'string' },
      'slow-consumer': { type: 'string' },
      'queue-bytes': { type: 'string' },
      'publish-rate': { type: 'string' },
      'log-bytes': { type: 'string' },
      'log-keep': { type: 'string' },
      'any-port': { type: 'boolean' },
      'no-journal': { type: 'boolean' },
    },
  });
  const stateRoot = values['state-root'];
  if (stateRoot === undefined || readRootId(stateRoot) === undefined)
    throw new Error('it is started by `castra up`, with the state root of a project');
  return {
    stateRoot,
    settings: {
      port: count(values.port),
      isDefaultPort: values['any-port'] ?? false,
      auth: values.auth === 'none' ? 'none' : 'token',
      journal: !values['no-journal'],
      slowConsumer: values['slow-consumer'] === 'disconnect' ? 'disconnect' : 'drop-oldest',
      queue: { ...DEFAULT_QUEUE, bytes: count(values['queue-bytes']) },
      publishRate: count(values['publish-rate']),
      logs: { maxBytes: count(values['log-bytes']), keep: count(values['log-keep']) },
    },
  };
}

function count(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new Error('an option lacks its number');
  return Number(text);
}
