import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf } from '../support/analysis.ts';
import { allFixes, fixed } from '../support/fixes.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "demo"\n';
const VM = `${HEAD}[[vms]]\nname = "web"\n`;

const WORDS: readonly (readonly [word: string, value: string, key: string])[] = [
  ['mem', '"2 GiB"', 'memory'],
  ['ram', '"2 GiB"', 'memory'],
  ['mem_limit', '"2 GiB"', 'memory'],
  ['image', '"a.qcow2"', 'base_image'],
  ['box', '"a.qcow2"', 'base_image'],
  ['ports', '[]', 'port_forwards'],
  ['portForwards', '[]', 'port_forwards'],
  ['cpu', '2', 'cpus'],
  ['vcpus', '2', 'cpus'],
  ['replicas', '2', 'count'],
  ['depends_on', '[]', 'needs'],
  ['disk_size', '"20 GiB"', 'overlay_size'],
  ['cloud-init', '"#cloud-config"', 'user_data'],
  ['username', '"me"', 'ssh_user'],
];

describe('words of other tools', () => {
  for (const [word, value, key] of WORDS) {
    it(`\`${word}\` is \`${key}\``, () => {
      const text = `${VM}${word} = ${value}\n`;
      assert.equal(fixed(text), `${VM}${key} = ${value}\n`);
      assert.equal(analysisOf(text).diagnostics[0]?.help, `Did you mean \`${key}\`?`);
    });
  }

  it('the ports of Compose become tables', () => {
    const list = (items: string) => `${VM}port_forwards = [${items}]\n`;
    assert.equal(fixed(list('"8080:80"')), list('{ host = 8080, guest = 80 }'));
    assert.equal(
      fixed(list('"127.0.0.1:53:5353/udp"')),
      list('{ host = 53, guest = 5353, protocol = "udp", bind = "127.0.0.1" }'),
    );
  });

  it('a word that is known in its table stays', () => {
    assert.deepEqual(allFixes(analysisOf(`${VM}memory = "1 GiB"\n[images]\nmax_size = "1 GiB"\n`)), []);
  });
});

describe('habits of other files', () => {
  const CASES: readonly (readonly [title: string, before: string, after: string])[] = [
    ['a version is a string', VM.replace('"0.2.0"', '0.2.0'), VM],
    ['sizes: gigs', `${VM}memory = "2 gigs"`, `${VM}memory = "2 GiB"`],
    ['sizes: Gi of Kubernetes', `${VM}memory = "2Gi"`, `${VM}memory = "2 GiB"`],
    ['sizes: a comma', `${VM}overlay_size = '1,5 gigabytes'`, `${VM}overlay_size = '1.5 GiB'`],
    [
      'a table for each VM',
      `${HEAD}[vms.web]\ncpus = 2\n[[vms.web.port_forwards]]\nhost = 1\nguest = 2\n[vms.db]\nname = "db"\n`,
      `${HEAD}[[vms]]\nname = "web"\ncpus = 2\n[[vms.port_forwards]]\nhost = 1\nguest = 2\n[[vms]]\nname = "db"\n`,
    ],
    ['a table twice', `${VM}[project]\nstate_dir = "x"\n`, VM.replace('"demo"\n', '"demo"\nstate_dir = "x"\n')],
    [
      'a table twice, one below the other',
      `${HEAD}[project]\nstate_dir = "x"\n[[vms]]\nname = "web"\n`,
      VM.replace('"demo"\n', '"demo"\nstate_dir = "x"\n'),
    ],
    ['an empty table twice', `${VM}[project]\n`, VM],
    [
      'JSON',
      '{"version": "0.2.0", "vms": [{"name": "web", "cpus": 2}]}\n',
      'version = "0.2.0"\n\n[[vms]]\nname = "web"\ncpus = 2\n',
    ],
    ['an entry of YAML', VM.replace('name = "web"', 'name: web # x'), VM.replace('name = "web"', 'name = "web" # x')],
    ['a table of YAML', VM.replace('[project]', 'project:'), VM],
    ['an empty list of VMs', `vms = []\n${HEAD}`, `${HEAD}\n[[vms]]\nname = "vm"\n`],
    [
      'an empty list of VMs at the end',
      'version = "0.2.0"\nproject.name = "a"\nvms = []\n',
      'version = "0.2.0"\nproject.name = "a"\n\n[[vms]]\nname = "vm"\n',
    ],
    ['a VM that needs itself', `${VM}needs = ["web"]\n`, VM],
    [
      'a VM that needs itself and others',
      `${VM}needs = ["db", "web"]\n[[vms]]\nname = "db"\n`,
      `${VM}needs = ["db"]\n[[vms]]\nname = "db"\n`,
    ],
  ];
  for (const [title, before, after] of CASES) it(title, () => assert.equal(fixed(before), after));

  it('tables below another VM, and keys that both tables have, are left to the user', () => {
    const titles = (text: string) => allFixes(analysisOf(text)).map(({ title }) => title);
    assert.deepEqual(titles(`${HEAD}[vms.web]\n[vms.db]\n[vms.web.bootstrap]\nmode = "auto"\n`), []);
    assert.deepEqual(
      titles(`${VM}[project]\nname = "other"\n`).filter((title) => title.startsWith('Merge')),
      [],
    );
  });
});

describe('a file that has just begun', () => {
  const ALL = 'Add `version`, `[project]` and `[[vms]]`';

  for (const [title, text] of [
    ['empty', ''],
    ['with a comment', '# My VMs.\n'],
    ['with blank lines', '\n\n'],
  ] as const) {
    it(`gets all that it needs at once: ${title}`, () => {
      const result = fixed(text, ALL);
      assert.ok(result.startsWith(text.trimEnd()));
      assert.deepEqual(analysisOf(result).diagnostics, []);
    });
  }

  it('keeps what is there', () => {
    assert.equal(
      fixed('[project]\nname = "a"\n', 'Add `version` and `[[vms]]`'),
      'version = "0.2.0"\n\n[project]\nname = "a"\n\n[[vms]]\nname = "vm"\n',
    );
  });
});
