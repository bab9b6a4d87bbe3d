// Runs one command in a VM that lives only for that. There is no castra.toml: the program says what it would have.
//
//   npx esbuild examples/command.ts --format=esm --outfile=command.mjs && node command.mjs image.qcow2 uname -a
import { join } from 'node:path';
import { configFromObject, readSettings, withVm } from 'castra/runtime';

const [image = 'image.qcow2', ...command] = process.argv.slice(2);
const config = configFromObject(
  {
    version: '0.2.0',
    project: { name: 'one-command' },
    vms: [{ name: 'worker', cpus: 1, memory: '192 MiB', base_image: image, ssh_user: 'root' }],
  },
  join(process.cwd(), 'one-command.toml'),
);

// With Node 24 or a compiler, `await using vm = await openVm({ config, settings })` does the same.
const { exitCode, signal, stdout, stderr } = await withVm({ config, settings: readSettings(process.env) }, (vm) =>
  vm.exec(command, { timeoutMs: 60_000 }),
);
process.stdout.write(stdout);
process.stderr.write(stderr);
if (signal !== undefined) console.error(`${signal} ended the command`);
process.exitCode = exitCode;
