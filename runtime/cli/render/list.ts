import type { ListedProject, ListedVm, ListOutcome } from '../../contract/project.ts';
import type { BootstrapStatus } from '../../contract/vocabulary.ts';
import { formatClock, formatPath, painter } from './format.ts';
import { type Column, renderTable } from './table.ts';

const columns: readonly Column[] = [
  { name: 'PROJECT' },
  { name: 'ID' },
  { name: 'VM' },
  { name: 'STATE' },
  { name: 'PID', align: 'right' },
  { name: 'SSH', align: 'right' },
  { name: 'UPTIME', align: 'right' },
  { name: 'FILE' },
];

const NONE = '—';

/** Of one that is done, nothing needs to be said. */
const bootstrapWords: Readonly<Record<BootstrapStatus['state'], string>> = {
  pending: ', not bootstrapped',
  running: ', bootstrapping',
  done: '',
  failed: ', bootstrap failed',
};

/** One line per VM; a project without any has a line as well. Then what needs a sentence. */
export function renderList({ projects }: ListOutcome, stream: NodeJS.WriteStream): string {
  if (projects.length === 0) return 'No project ran on this host yet.\n';
  const paint = painter(stream);
  const rows = projects.flatMap((project) => {
    const vms = project.vms.length === 0 ? [undefined] : project.vms;
    return vms.map((vm, index) => cells(project, vm, index === 0));
  });
  const table = renderTable(columns, rows, (padded, column) =>
    column === 'STATE' && padded.startsWith('running') ? paint('green', padded) : padded,
  );
  const notes = projects.flatMap(explain);
  return [...table, ...(notes.length > 0 ? ['', ...notes] : []), ''].join('\n');
}

function cells({ name, id, configPath }: ListedProject, vm: ListedVm | undefined, first: boolean): string[] {
  return [
    first ? name || NONE : '',
    first ? id : '',
    vm?.name ?? NONE,
    vm ? `${vm.state}${vm.bootstrap ? bootstrapWords[vm.bootstrap.state] : ''}` : NONE,
    vm?.pid === undefined ? NONE : String(vm.pid),
    vm?.sshPort ? String(vm.sshPort) : NONE,
    vm?.uptimeMs === undefined ? NONE : formatClock(vm.uptimeMs),
    first ? formatPath(configPath) : '',
  ];
}

function explain({ name, id, configGone, vms, leftovers }: ListedProject): string[] {
  const runs = vms.length > leftovers;
  const down = `\`castra down --project ${id}\``;
  return [
    ...(configGone ? [`${name}: its castra.toml is gone.${runs ? ` ${down} stops its VMs.` : ''}`] : []),
    ...(leftovers > 0
      ? [`${name}: ${leftovers === 1 ? '1 VM' : `${leftovers} VMs`} left files; ${down} removes them.`]
      : []),
  ];
}
