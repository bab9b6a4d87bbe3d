import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultsOf } from '../../server/features/codeActions/faults.ts';
import { fixAll } from '../../server/features/codeActions/fixAll.ts';
import { ignore } from '../../server/features/codeActions/ignoreComment.ts';
import { analysisOf } from '../support/analysis.ts';
import { allFixes, applyChanges, fixed } from '../support/fixes.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "demo"\n';
const VM = `${HEAD}[[vms]]\nname = "web"\n`;

interface Case {
  readonly title: string;
  readonly before: string;
  readonly after: string;
  /** Of a fix that is not preferred. */
  readonly fix?: string;
}

const CASES: readonly Case[] = [
  { title: 'a misspelled key', before: `${VM}cups = 2`, after: `${VM}cpus = 2` },
  {
    title: 'a misspelled table, in every header and dotted key',
    before: `${HEAD}[[vm]]\nname = "a"\n[vm.bootstrap]\nmode = "auto"\n[[vm]]\nname = "b"\n`,
    after: `${HEAD}[[vms]]\nname = "a"\n[vms.bootstrap]\nmode = "auto"\n[[vms]]\nname = "b"\n`,
  },
  {
    title: 'a misspelled table that lacks brackets besides',
    before: `${VM}[vms.instancs]\nid = "web-0"`,
    after: `${VM}[[vms.instances]]\nid = "web-0"`,
  },
  {
    title: 'a misspelled key in an inline table',
    before: `${VM}port_forwards = [{ host = 1, guest = 2, protcol = "udp" }]`,
    after: `${VM}port_forwards = [{ host = 1, guest = 2, protocol = "udp" }]`,
  },
  { title: 'a misspelled word', before: `${VM}firmware = 'uefy'`, after: `${VM}firmware = 'uefi'` },
  {
    title: 'a word that is like none: each allowed one',
    before: `${VM}firmware = "x"`,
    after: `${VM}firmware = "bios"`,
    fix: 'Change to "bios"',
  },
  {
    title: 'a need with letters swapped',
    before: `${VM}needs = ["bd"]\n[[vms]]\nname = "db"`,
    after: `${VM}needs = ["db"]\n[[vms]]\nname = "db"`,
  },
  {
    title: 'the id of an instance that does not exist',
    before: `${VM}count = 2\ninstances = [{ id = "web-2" }]`,
    after: `${VM}count = 2\ninstances = [{ id = "web-0" }]`,
  },
  {
    title: 'a name that no VM may have',
    before: VM.replace('"web"', '"Web App"'),
    after: VM.replace('"web"', '"web-app"'),
  },
  { title: 'a word without quotes', before: `${VM}ssh_user = me # x`, after: `${VM}ssh_user = "me" # x` },
  { title: 'a colon', before: `${VM}cpus: 2`, after: `${VM}cpus = 2` },
  { title: 'an open header', before: `${HEAD}[[vms]\nname = "web"`, after: `${HEAD}[[vms]]\nname = "web"` },
  {
    title: 'an open header before a comment',
    before: `${VM}[broker # x\nport = 1`,
    after: `${VM}[broker] # x\nport = 1`,
  },
  { title: 'an open array', before: `${VM}qemu_args = ["-s",\ncpus = 2`, after: `${VM}qemu_args = ["-s",]\ncpus = 2` },
  {
    title: 'an open inline table',
    before: `${VM}bootstrap = { mode = "auto"\ncpus = 2`,
    after: `${VM}bootstrap = { mode = "auto" }\ncpus = 2`,
  },
  { title: 'an open string', before: `${VM}ssh_user = "me # x\n`, after: `${VM}ssh_user = "me" # x\n` },
  { title: 'an open literal string', before: `${VM}ssh_user = 'me\n`, after: `${VM}ssh_user = 'me'\n` },
  {
    title: 'an open string in an open table in an array',
    before: `${VM}port_forwards = [{ host = 1, guest = 2, bind = "127.0.0.1\n`,
    after: `${VM}port_forwards = [{ host = 1, guest = 2, bind = "127.0.0.1"}]\n`,
  },
  {
    title: 'an open string before what closes its tables',
    before: `${VM}port_forwards = [{ host = 1, guest = 2, bind = "127.0.0.1 }]\n`,
    after: `${VM}port_forwards = [{ host = 1, guest = 2, bind = "127.0.0.1" }]\n`,
  },
  {
    title: 'an open string of several lines',
    before: `${VM}description = """\nlong\n[broker]\nport = 1\n`,
    after: `${VM}description = """\nlong\n"""\n[broker]\nport = 1\n`,
  },
  {
    title: 'a second definition',
    before: `${VM}cpus = 1\ncpus = 2 # two\nmemory = 64\n`,
    after: `${VM}cpus = 1\nmemory = 64\n`,
  },
  { title: 'a second definition at the end', before: `${VM}cpus = 1\ncpus = 2`, after: `${VM}cpus = 1` },
  {
    title: 'a second definition in braces',
    before: `${VM}port_forwards = [{ host = 1, host = 2, guest = 3 }]`,
    after: `${VM}port_forwards = [{ host = 1, guest = 3 }]`,
  },
  { title: 'one pair of brackets', before: `${HEAD}[vms]\nname = "web"`, after: `${HEAD}[[vms]]\nname = "web"` },
  {
    title: 'managed_image, for nothing',
    before: `${VM}managed_image = { name = "a" }\ncpus = 1`,
    after: `${VM}cpus = 1`,
  },
  {
    title: 'managed_image with a header, for a path',
    before: `${VM}cpus = 1\n\n[vms.managed_image]\nname = "alpine"\nversion = "v1"\n\n[broker]\nport = 1\n`,
    after: `${HEAD}[[vms]]\nbase_image = "images/alpine.qcow2"\nname = "web"\ncpus = 1\n\n\n[broker]\nport = 1\n`,
    fix: 'Replace it by `base_image = "images/alpine.qcow2"`',
  },
  {
    title: 'a host port that another VM has',
    before: `${VM}port_forwards = [{ host = 8080, guest = 80 }]\n[[vms]]\nname = "db"\nport_forwards = [{ host = 8080, guest = 1 }]`,
    after: `${VM}port_forwards = [{ host = 8080, guest = 80 }]\n[[vms]]\nname = "db"\nport_forwards = [{ host = 8081, guest = 1 }]`,
  },
  {
    title: 'the port of the broker',
    before: `${VM}port_forwards = [{ host = 7070, guest = 80 }]`,
    after: `${VM}port_forwards = [{ host = 0, guest = 80 }]`,
    fix: 'Use any free port when the VM starts (`host = 0`)',
  },
  { title: 'a number in quotes', before: `${VM}cpus = "2"`, after: `${VM}cpus = 2` },
  { title: 'a fraction without a remainder', before: `${VM}cpus = 2.0`, after: `${VM}cpus = 2` },
  { title: 'a version that is a number', before: VM.replace('"0.2.0"', '0.2'), after: VM.replace('"0.2.0"', '"0.2"') },
  { title: 'a version that is none', before: VM.replace('0.2.0', 'latest'), after: VM },
  {
    title: 'replicas in a file of 0.1',
    before: `${VM.replace('0.2.0', '0.1.0')}count = 2`,
    after: `${VM}count = 2`,
    fix: 'Write `version = "0.2.0"`',
  },
  { title: 'no version', before: VM.replace('version = "0.2.0"\n', ''), after: VM.replace('\n', '\n\n') },
  {
    title: 'no version below a title',
    before: `# Mine\n\n# project\n${VM.replace('version = "0.2.0"\n', '')}`,
    after: `# Mine\n\nversion = "0.2.0"\n\n# project\n${VM.replace('version = "0.2.0"\n', '')}`,
  },
  {
    title: 'no project',
    before: 'version = "0.2.0"\n\n# web\n[[vms]]\nname = "web"\n',
    after: 'version = "0.2.0"\n\n[project]\nname = "demo"\n\n# web\n[[vms]]\nname = "web"\n',
  },
  { title: 'no VM', before: HEAD, after: `${HEAD}\n[[vms]]\nname = "vm"\n` },
  {
    title: 'no name below a header',
    before: `${VM}[[vms]] # x\r\ncpus = 1`,
    after: `${VM}[[vms]] # x\nname = "vm"\r\ncpus = 1`,
  },
  {
    title: 'no guest port in braces',
    before: `${VM}port_forwards = [{ host = 1 }]`,
    after: `${VM}port_forwards = [{ host = 1, guest = 80 }]`,
  },
  {
    title: 'no host port in braces',
    before: `${VM}port_forwards = [{ guest = 80 }]`,
    after: `${VM}port_forwards = [{ host = 8080, guest = 80 }]`,
  },
  {
    title: 'no name in a dotted table',
    before: 'version = "0.2.0"\nproject.accelerator = "tcg"\n[[vms]]\nname = "web"\n',
    after: 'version = "0.2.0"\nproject.name = "demo"\nproject.accelerator = "tcg"\n[[vms]]\nname = "web"\n',
  },
  {
    title: 'a comment that ignores nothing',
    before: `${VM}cpu = 1 # castra: ignore unknown-key, version-newer`,
    after: `${VM}cpu = 1 # castra: ignore unknown-key`,
  },
  {
    title: 'a comment of its own that ignores nothing',
    before: `${VM}# castra: ignore unknown-key\ncpus = 1`,
    after: `${VM}cpus = 1`,
  },
];

describe('fixes', () => {
  for (const { title, before, after, fix } of CASES) {
    it(`mend: ${title}`, () => assert.equal(fixed(before, fix), after));
  }

  it('are not offered where they would only make another error', () => {
    for (const text of [`${VM}cpu = 1\ncpus = 2`, `${VM}cpus = 1\nzzzzzz = 2`, `${VM}ssh_user = "me\\\n`]) {
      assert.deepEqual(allFixes(analysisOf(text)), [], text);
    }
  });

  it('at once never take one thing twice', () => {
    const text = `${VM}cpu = 1\ncpuss = 2\nmemroy = 64\n[[vms]]\n[[vms]]\n`;
    const { changes, count } = fixAll(analysisOf(text));
    assert.equal(count, 3);
    assert.equal(applyChanges(text, changes), `${VM}cpus = 1\ncpuss = 2\nmemory = 64\n[[vms]]\nname = "vm"\n[[vms]]\n`);
  });

  it('can hide a warning by a comment, but no error', () => {
    const text = `${VM}  cpu = 1\ncpus = 0\n`;
    const analysis = analysisOf(text);
    const changes = faultsOf(analysis).flatMap((fault) => ignore(analysis, fault).flatMap((fix) => fix.changes));
    const quiet = applyChanges(text, changes);
    assert.equal(quiet, `${VM}  # castra: ignore unknown-key\n  cpu = 1\ncpus = 0\n`);
    assert.deepEqual(
      analysisOf(quiet).diagnostics.map(({ code }) => code),
      ['config/out-of-range'],
    );
  });
});
