/** What `--help` ends with, for commands whose own help text has no examples. */
export const examples: Readonly<Record<string, readonly (readonly [line: string, note?: string])[]>> = {
  init: [['castra init', 'here, named after the folder'], ['castra init --project-name shop -o infra/castra.toml']],
  validate: [['castra validate'], ['castra validate --json | tail -1', 'valid or not, and how many findings']],
  fmt: [['castra fmt'], ['castra fmt --check', 'for CI: changes nothing, exits with 1']],
  up: [
    ['castra up', 'all VMs'],
    ['castra up web', 'the VM or all VMs of the role "web"'],
    ['castra up --no-wait && castra status --watch'],
    ['castra up --json | jq -c .', 'each step, for programs'],
  ],
  down: [
    ['castra down', 'all that run, also those no longer in castra.toml'],
    ['castra down --keep-overlay db', 'its disk stays; castra export reads it'],
    ['castra down --graceful-wait-secs 0', 'at once, without asking the guests'],
  ],
  status: [
    ['castra status'],
    ['castra status --watch'],
    ['castra status --json | tail -1', 'one object, for programs'],
    ['castra status --project shop', 'from any folder'],
  ],
  console: [['castra console web', 'log in without a network; Ctrl-] leaves'], ['echo poweroff | castra console web']],
  ports: [
    ['castra ports', 'what is forwarded, and what is in the way'],
    ['castra ports --active', 'whether the guests answer'],
  ],
  logs: [
    ['castra logs', 'the end of every log'],
    ['castra logs -f --source serial web', 'watch a guest boot'],
    ['castra logs --since 10m'],
    ['castra logs --tail all --no-prefix --source qemu db > db.log'],
  ],
  images: [
    ['castra images', 'what is cached, and which VMs stand on it'],
    ['castra images pull', 'get the images of the project ahead of time'],
    ['castra images import alpine.qcow2', 'on a host without a network'],
    ['castra images prune --dry-run'],
  ],
  clean: [
    ['castra clean --dry-run', 'what would go, and why the rest stays'],
    ['castra clean --no-logs'],
    ['castra clean --global --images', 'everything that nothing needs any more'],
  ],
  doctor: [['castra doctor'], ['castra doctor --json | tail -1']],
  list: [['castra list'], ['castra down --project shop', 'acts on one of them from anywhere']],
};

/** The section of `--help`, or nothing for a command that shows its own. */
export function exampleText(command: string): string {
  const lines = examples[command] ?? [];
  if (lines.length === 0) return '';
  const width = Math.max(...lines.map(([line]) => line.length));
  const shown = lines.map(([line, note]) => `  ${note ? `${line.padEnd(width)}  # ${note}` : line}`);
  return ['', 'Examples:', ...shown].join('\n');
}
