#!/usr/bin/env node
// The entry only decides how little to load: `castra --version` must cost no more than starting Node.
// Both are set by VS Code's launcher for this process alone: a `code` that a script starts would break by either.
delete process.env.ELECTRON_RUN_AS_NODE;
delete process.env.ELECTRON_NO_ASAR;

// A reader that went away (`castra status | head -1`) must neither crash us nor stop an `up` half-way.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(`castra ${CASTRA_VERSION}\n`);
} else {
  void import('./program.ts').then(async ({ runProgram }) => {
    process.exitCode = await runProgram(args);
  });
}
