// A host program on the bus: prints what guests publish, and answers what they ask.
//
//   castra up && node watch.ts
import { busConnect, readSettings } from 'castra/runtime';

const settings = readSettings(process.env, process.cwd());
const { value: bus } = await busConnect({ config: { kind: 'discover', from: process.cwd() }, settings });

async function answer(): Promise<void> {
  for await (const request of await bus.subscribe('sensor.limit')) bus.reply(request, { limit: 2 });
}

async function print(): Promise<void> {
  for await (const { from, payload } of await bus.subscribe('sensor.load')) console.log(from, payload);
}

await Promise.all([answer(), print()]);
