/** The end of `--help`, for commands whose own help text has no examples. */
export const examples: Readonly<Record<string, readonly (readonly [line: string, note?: string])[]>> = {
  init: [
    ['castra init', 'in this folder, with its name as project name'],
    ['castra init --project-name shop -o infra/castra.toml'],
  ],
  validate: [['castra validate'], ['castra validate --json | tail -1', 'valid or not, and the number of findings']],
  fmt: [['castra fmt'], ['castra fmt --check', 'for CI: changes nothing, exits with 1']],
  up: [
    ['castra up', 'all VMs'],
    ['castra up web', 'the VM or all VMs of the role "web"'],
    ['castra up --no-wait && castra status --watch'],
    ['castra up --json | jq -c .', 'each step, for programs'],
  ],
  down: [
    ['castra down', 'all running VMs, even those no longer in castra.toml'],
    ['castra down --keep-overlay db', 'keeps its disk; castra export copies it'],
    ['castra down --graceful-wait-secs 0', 'at once, without waiting for the guests'],
  ],
  status: [
    ['castra status'],
    ['castra status --watch'],
    ['castra status --json | tail -1', 'one object, for programs'],
    ['castra status --project shop', 'from any folder'],
  ],
  console: [
    ['castra console web', 'log in without a network; Ctrl-] detaches'],
    ['echo poweroff | castra console web'],
  ],
  ports: [
    ['castra ports', 'all forwards and their conflicts'],
    ['castra ports --active', 'also tests whether the guests answer'],
  ],
  logs: [
    ['castra logs', 'the end of every log'],
    ['castra logs -f --source serial web', 'watch a guest boot'],
    ['castra logs --since 10m'],
    ['castra logs --tail all --no-prefix --source qemu db > db.log'],
  ],
  images: [
    ['castra images', 'cached images and the VMs that use them'],
    ['castra images pull', 'download the images of the project ahead of time'],
    ['castra images import alpine.qcow2', 'on a host without a network'],
    ['castra images prune --dry-run'],
  ],
  clean: [
    ['castra clean --dry-run', 'what would be removed, and why the rest stays'],
    ['castra clean --no-logs'],
    ['castra clean --global --images', 'everything that is no longer needed'],
  ],
  doctor: [['castra doctor'], ['castra doctor --json | tail -1']],
  list: [['castra list'], ['castra down --project shop', 'works from any folder']],
};

/** The section of `--help`, or nothing for a command that shows its own. */
export function exampleText(command: string): string {
  const lines = examples[command] ?? [];
  if (lines.length === 0) return '';
  const width = Math.max(...lines.map(([line]) => line.length));
  const shown = lines.map(([line, note]) => `  ${note ? `${line.padEnd(width)}  # ${note}` : line}`);
  return ['', 'Examples:', ...shown].join('\n');
}
