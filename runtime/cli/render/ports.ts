import type { PortState, PortStatus, PortsOutcome, PortsVm } from '../../contract/ports.ts';
import { type Color, formatPath, painter } from './format.ts';
import { type Column, renderTable } from './table.ts';

const columns: readonly Column[] = [
  { name: 'VM' },
  { name: 'HOST', align: 'right' },
  { name: 'GUEST', align: 'right' },
  { name: 'PROTO' },
  { name: 'STATUS' },
];

const colors: Readonly<Record<PortState, Color>> = {
  declared: 'dim',
  conflict: 'red',
  'broker-reserved': 'yellow',
  active: 'green',
  bound: 'cyan',
  inactive: 'dim',
};

/** A head, the table, and with `verbose` what each VM is made of. */
export function renderPorts(outcome: PortsOutcome, verbose: boolean, stream: NodeJS.WriteStream): string {
  const { ports, vms, brokerPort } = outcome;
  return [
    `Project: ${outcome.projectName} (${formatPath(outcome.projectPath)})`,
    ...(outcome.configVersion ? [`Config version: ${outcome.configVersion}`] : []),
    ...(brokerPort ? [`Broker endpoint: 127.0.0.1:${brokerPort}`] : []),
    '',
    ...(ports.length === 0
      ? ['This project has no port forwards.']
      : [outcome.probed ? 'Runtime forwards:' : 'Forwards:', ...renderRows(ports, stream)]),
    ...(verbose && vms.length > 0 ? ['', 'VM details:', ...vms.flatMap(renderVm)] : []),
    '',
  ].join('\n');
}

function renderRows(ports: readonly PortStatus[], stream: NodeJS.WriteStream): string[] {
  const color = painter(stream);
  const rows = ports.map(({ vm, bind, host, guest, protocol, status, reason }) => [
    vm,
    `${bind === '127.0.0.1' ? '' : `${bind}:`}${host === 0 ? 'auto' : host}`,
    String(guest),
    protocol,
    reason ? `${status} (${reason})` : status,
  ]);
  const paint = (padded: string, column: string, row: number) => {
    const status = ports[row]?.status;
    return column === 'STATUS' && status ? color(colors[status], padded) : padded;
  };
  return renderTable(columns, rows, paint).map((line) => `  ${line}`);
}

function renderVm(vm: PortsVm): string[] {
  const facts = [
    ['description', vm.description],
    ['base_image', vm.baseImage ?? 'the default image'],
    ['overlay', vm.overlayPath],
    ['cpus', vm.cpus],
    ['memory', vm.memoryMiB === undefined ? undefined : `${vm.memoryMiB} MiB`],
  ] as const;
  return [
    `  ${vm.name} (${vm.running ? 'runs' : 'does not run'})`,
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`    ${name}: ${value}`])),
  ];
}
