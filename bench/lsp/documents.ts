/** A place in a document where one word can be made wrong and right again. */
export interface Toggle {
  readonly line: number;
  readonly character: number;
  readonly right: string;
  readonly wrong: string;
}

/** A document with one planted mistake, and what a benchmark changes in it. */
export interface BenchDocument {
  readonly fileName: string;
  readonly languageId: string;
  readonly text: string;
  readonly lines: number;
  /** The line of the mistake that is there from the beginning. */
  readonly planted: number;
  readonly toggle: Toggle;
  /** An empty line of a VM, and what a user starts to type on it. */
  readonly typing: { readonly line: number; readonly typed: string };
}

const LINES_PER_VM = 10;
const WRONG_CPUS = '"many"';

/** So many lines of castra.toml, half of whose VMs could be formatted better. */
export function tomlDocument(lines: number): BenchDocument {
  const head = '#:schema ./castra.schema.json\nversion = "0.2.0"\n\n[project]\nname = "bench"\nstate_dir = "state"\n\n';
  const vm = (index: number, cpus: string) => `[[vms]]
name = "vm-${index}"
description = "Machine ${index} of the benchmark"
cpus = ${cpus}
memory ${index % 2 === 0 ? '=' : '   ='} "1 GiB"
base_image = "images/debian.qcow2"

[[vms.port_forwards]]
host = ${10_000 + index}
guest = 80
`;
  return compose(lines, {
    fileName: 'castra.toml',
    languageId: 'toml',
    head,
    vm,
    tail: '',
    cpus: 'cpus = ',
    typed: 'c',
  });
}

/** The same data as JSON, in about as many lines. */
export function jsonDocument(lines: number): BenchDocument {
  const head = '{\n"version": "0.2.0",\n"project": {"name": "bench", "state_dir": "state"},\n"vms": [\n';
  const vm = (index: number, cpus: string) => `{"name": "vm-${index}",
"description": "Machine ${index} of the benchmark",
"cpus": ${cpus},
"memory"${index % 2 === 0 ? ':' : '   :'} "1 GiB",
"base_image": "images/debian.qcow2",

"port_forwards": [{
"host": ${10_000 + index},
"guest": 80
}]},
`;
  const tail = '{"name": "last"}\n]}\n';
  return compose(lines, {
    fileName: 'castra.json',
    languageId: 'json',
    head,
    vm,
    tail,
    cpus: '"cpus": ',
    typed: '"c"',
  });
}

interface Parts {
  readonly fileName: string;
  readonly languageId: string;
  readonly head: string;
  readonly vm: (index: number, cpus: string) => string;
  readonly tail: string;
  /** What stands before the number of processors on its line. */
  readonly cpus: string;
  readonly typed: string;
}

function compose(lines: number, { fileName, languageId, head, vm, tail, cpus, typed }: Parts): BenchDocument {
  const headLines = head.split('\n').length - 1;
  const count = Math.floor((lines - headLines - tail.split('\n').length) / LINES_PER_VM);
  const vms = Array.from({ length: count }, (_, index) => vm(index, index === 1 ? WRONG_CPUS : '2'));
  const text = head + vms.join('') + tail;
  const lineOf = (index: number, inside: number) => headLines + index * LINES_PER_VM + inside;
  const middle = Math.floor(count / 2);
  return {
    fileName,
    languageId,
    text,
    lines: text.split('\n').length,
    planted: lineOf(1, cpus.startsWith('"') ? 2 : 3),
    toggle: {
      line: lineOf(middle, cpus.startsWith('"') ? 2 : 3),
      character: cpus.length,
      right: '2',
      wrong: WRONG_CPUS,
    },
    typing: { line: lineOf(middle, cpus.startsWith('"') ? 5 : 6), typed },
  };
}
