import { type Command, InvalidArgumentError } from 'commander';
import type { BusRequestOutcome } from '../../contract/bus.ts';
import { CastraError } from '../../contract/failures.ts';
import type { Run } from '../../operations/run.ts';
import { parseSeconds, readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { untilReaderGoes } from '../pipe/untilReaderGoes.ts';
import { print } from '../render/print.ts';
import { besideAnswer, plainDisplay, textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

const help = `
Topics are words with dots between: metrics.cpu. For tail, * stands for one word and a last > for the rest.
A guest publishes with castra-bus, which Castra puts into it: castra-bus publish --topic metrics.cpu --payload 0.4`;

export function addBus(program: Command, finish: Finish): void {
  const bus = program
    .command('bus')
    .description('send messages to guests, watch theirs, and ask them')
    .addHelpText('after', help)
    .addHelpText(
      'after',
      exampleText([
        ['castra bus tail -f', 'every message, as it comes'],
        [`castra bus publish --topic app.config --payload '{"debug":true}'`],
        ['castra bus request castra.guest.info --vm web-0', 'what the agent of a guest knows'],
        ['castra bus stats', 'who is connected'],
      ]),
    );
  addPublish(bus, finish);
  addTail(bus, finish);
  addRequest(bus, finish);
  addStats(bus, finish);
}

interface PublishFlags {
  readonly topic: string;
  readonly payload?: string;
  readonly stdin?: boolean;
  readonly vm?: string;
  readonly durable?: boolean;
}

function addPublish(bus: Command, finish: Finish): void {
  bus
    .command('publish')
    .description('publish one message as the host')
    .option('--topic <topic>', 'where to', 'broadcast')
    .option('--payload <json>', 'what; text has to be quoted as JSON has it: \'"text"\'')
    .option('--stdin', 'read the payload from standard input')
    .option('--vm <vm>', 'only to this VM')
    .option('--durable', 'wait until it is on the disk')
    .action(async (flags: PublishFlags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { topic, vm, durable = false } = flags;
      const operation = async (run: Run) => {
        const payload = await readPayload(flags);
        const options = { config, settings, topic, payload, durable, ...(vm ? { to: vm } : {}) };
        return (await import('../../operations/busPublish.ts')).busPublish(options, run);
      };
      const face = () =>
        Promise.resolve(textFace({ outcome: () => `Published to ${topic}.\n`, display: besideAnswer }));
      finish(await runSession({ command: 'bus publish', json, face, operation }));
    });
}

async function readPayload({ payload, stdin }: PublishFlags): Promise<unknown> {
  if ((payload === undefined) === !stdin) throw usage('Pass --payload with JSON, or --stdin.');
  return parseJson(payload ?? (await readAll(process.stdin)));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usage(`The payload is not JSON: ${why}. Text has to be in double quotes: --payload '"text"'.`);
  }
}

/** Larger ones are refused by the broker: this only keeps a mistaken pipe from filling the memory. */
const MAX_STDIN_BYTES = 1024 * 1024;

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_STDIN_BYTES) throw usage('A message has at most 64 KiB.');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

const usage = (detail: string): CastraError => new CastraError({ kind: 'usage', detail });

interface TailFlags {
  readonly vm?: string;
  readonly shared?: boolean;
  readonly follow?: boolean;
  readonly tail: number;
  readonly topic?: string;
  readonly pretty?: boolean;
}

function addTail(bus: Command, finish: Finish): void {
  bus
    .command('tail')
    .description('show the last messages')
    .option('--vm <vm>', 'only what this VM said, and what was addressed to it')
    .option('--shared', 'of all VMs (default)')
    .option('-f, --follow', 'keep printing messages until Ctrl-C')
    .option('-n, --tail <messages>', 'how many to begin with (default 20)', parseCount, 20)
    .option('--topic <pattern>', 'only topics that match')
    .option('--pretty', 'payloads over several lines')
    .action(async (flags: TailFlags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { vm, topic, follow = false, tail, pretty = false } = flags;
      const options = { config, settings, follow, tail, ...(vm ? { vm } : {}), ...(topic ? { topic } : {}) };
      const face = async () => {
        const { renderMessage } = await import('../render/bus.ts');
        const display = {
          ...plainDisplay,
          show: (event: Parameters<typeof plainDisplay.show>[0]) =>
            event.type === 'bus.message'
              ? print(process.stdout, `${renderMessage(event, pretty)}\n`)
              : plainDisplay.show(event),
        };
        return textFace({ outcome: () => '', display });
      };
      const operation = (run: Run) =>
        untilReaderGoes(run, { messages: 0 }, async (until) =>
          (await import('../../operations/busTail.ts')).busTail(options, until),
        );
      finish(await runSession({ command: 'bus tail', json, face, operation }));
    });
}

function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a number.');
  return Number(text);
}

interface RequestFlags {
  readonly payload?: string;
  readonly timeout: number;
  readonly vm?: string;
}

function addRequest(bus: Command, finish: Finish): void {
  bus
    .command('request')
    .description('ask on a topic, and print the first reply')
    .argument('<topic>')
    .option('--payload <json>', 'what to ask with (default null)')
    .option('--timeout <seconds>', 'how long to wait', parseSeconds, 5_000)
    .option('--vm <vm>', 'ask only this VM')
    .action(async (topic: string, flags: RequestFlags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { payload = 'null', timeout: timeoutMs, vm } = flags;
      const operation = async (run: Run) => {
        const asked = { topic, timeoutMs, payload: parseJson(payload), ...(vm ? { to: vm } : {}) };
        return (await import('../../operations/busRequest.ts')).busRequest({ config, settings, ...asked }, run);
      };
      const outcome = ({ payload: reply }: BusRequestOutcome) => `${JSON.stringify(reply)}\n`;
      finish(
        await runSession({
          command: 'bus request',
          json,
          face: () => Promise.resolve(textFace({ outcome, display: besideAnswer })),
          operation,
        }),
      );
    });
}

function addStats(bus: Command, finish: Finish): void {
  bus
    .command('stats')
    .description('show who is connected, and what went through')
    .action(async (_flags: object, command: Command) => {
      const { config, settings, json } = readContext(command);
      const operation = async (run: Run) =>
        (await import('../../operations/busStats.ts')).busStats({ config, settings }, run);
      const face = async () =>
        textFace({ outcome: (await import('../render/bus.ts')).renderStats, display: besideAnswer });
      finish(await runSession({ command: 'bus stats', json, face, operation }));
    });
}
