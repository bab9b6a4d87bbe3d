#!/usr/bin/env node
// The entry only decides how little to load: `castra --version` must cost no more than starting Node.
import { useCodeCache } from './codeCache/useCodeCache.ts';

// Both are set by VS Code's launcher for this process alone: a `code` that a script starts would break by either.
delete process.env.ELECTRON_RUN_AS_NODE;
delete process.env.ELECTRON_NO_ASAR;

const WRITE_FAILED = 74;
const FAILED = 70;

// A reader that went away (`castra status | head -1`) must neither crash us nor stop an `up` half-way. A full disk does
// not stop it either, but what was lost is said, once.
let lost = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || lost) return;
    lost = true;
    if (stream === process.stdout) process.stderr.write(`Error: Cannot write the output: ${error.message}.\n`);
  });
}
// What gets here is an error that a command did not expect. A stack trace helps the reader with none of them.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  const full = error.code === 'EMFILE' || error.code === 'ENFILE';
  const advice = full
    ? 'Raise the limit of open files (`ulimit -n 1024`).'
    : 'This is a bug of Castra; please report it.';
  process.stderr.write(`Error: ${process.env.CASTRA_DEBUG ? error.stack : error.message}. ${advice}\n`);
  process.exit(FAILED);
});
process.on('exit', () => {
  if (lost) process.exitCode = WRITE_FAILED;
});

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(`castra ${CASTRA_VERSION}\n`);
} else if (args[0] === 'broker') {
  // A process of its own for as long as VMs run: it must not hold all the other commands in memory.
  void import('../broker/main.ts').then(({ runBroker }) => runBroker(args));
} else {
  useCodeCache(__filename, args);
  void import('./program.ts').then(async ({ runProgram }) => {
    process.exitCode = await runProgram(args);
  });
}
