// Runs a project's VMs from a program: start them, look at them, stop them.
//
//   node --experimental-strip-types examples/embed.ts path/to/castra.toml      (Node 22)
//   npx esbuild examples/embed.ts --format=esm --outfile=embed.mjs && node embed.mjs path/to/castra.toml
import { CastraError, down, type Event, type RunOptions, readSettings, status, up } from 'castra/runtime';

const [path = 'castra.toml', seconds = '600'] = process.argv.slice(2);
const options = { config: { kind: 'file', path }, settings: readSettings(process.env) } as const;

const show = (event: Event): void => {
  if (event.type === 'vm.ready') console.log(`${event.vm} is ready after ${event.elapsedMs} ms`);
  if (event.type === 'shutdown.completed') console.log(`${event.vm} is stopped (${event.outcome})`);
};

const run: RunOptions = { report: show, signal: AbortSignal.timeout(Number(seconds) * 1000) };

try {
  try {
    await up(options, run);
    const { value } = await status(options, run);
    for (const vm of value.vms) console.log(`${vm.name}: ${vm.state}, ssh on 127.0.0.1:${vm.sshPort}`);
  } finally {
    // Also after an `up` that failed or was aborted: `down` goes on although the signal was aborted before.
    await down(options, run);
  }
} catch (error) {
  if (!(error instanceof CastraError)) throw error;
  console.error(`${error.failure.kind}: ${error.message}`);
  // Why it was aborted: here, a timeout.
  if (error.failure.kind === 'cancelled') console.error(String(error.cause));
  process.exitCode = 1;
}
