import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Hover } from 'vscode-languageserver';
import { explain } from '../../server/features/hover/explain.ts';
import { hover } from '../../server/features/hover.ts';
import { analysisOf } from '../support/analysis.ts';
import { ODD, REALISTIC } from '../support/castraTexts.ts';
import { startClient } from '../support/lspClient.ts';
import { cursor } from '../support/marks.ts';
import { tempFolder } from '../support/tempProject.ts';

/** The paragraphs of a hover, and the text that it is about. */
function at(marked: string): { readonly about: string; readonly paragraphs: readonly string[] } | undefined {
  const { text, offset } = cursor(marked);
  const found = explain(analysisOf(text), offset);
  return found && { about: text.slice(found.span.from, found.span.to), paragraphs: found.paragraphs };
}

const HEAD = 'version = "0.2.0"\n[project]\nname = "demo"\nstate_dir = "/srv/state"\n';

describe('hover', () => {
  it('says what a key is: type, default, limits', () => {
    assert.deepEqual(at('[[vms]]\ncp|us = 2'), {
      about: 'cpus',
      paragraphs: ['**cpus** (integer, default 2)', 'Number of virtual processors.\n\nAllowed: 1 to 512.'],
    });
    assert.equal(at('[[vms]]\n|name = "a"')?.paragraphs[0], '**name** (string, required)');
    const words = (marked: string) => at(marked)?.paragraphs[1]?.split('\n\n')[1];
    assert.match(words('[[vms]]\naccele|rator = "tcg"') ?? '', /^- `"auto"`: .*\n- `"kvm"`: KVM, on Linux\.\n/);
    assert.match(words('[[vms]]\nfirm|ware = "uefi"') ?? '', /^- `"bios"`: .*\n- `"uefi"`: .*\.$/);
    const mode = words('[bootstrap]\nmo|de = "auto"');
    assert.equal(mode, undefined, 'the description says what each means');
  });

  it('says the same of a value, and is about the value', () => {
    assert.equal(at('[[vms]]\ncpus = |2')?.about, '2');
    assert.equal(at('[[vms]]\nfirmware = "ue|fi"')?.about, '"uefi"');
    assert.equal(at('[[vms]]\nqemu_args = ["-de|vice"]')?.paragraphs[0], '**qemu_args** (list of strings)');
    assert.equal(at('[[vms]]\nport_forwards = [{ ho|st = 1 }]')?.about, 'host');
  });

  it('explains the part of a header that is pointed at', () => {
    const inner = at('[[vms]]\nname = "a"\n[vms.boot|strap]');
    assert.equal(inner?.about, 'bootstrap');
    assert.deepEqual(inner?.paragraphs.slice(0, 2), [
      '**bootstrap**',
      'The script that sets up the guest after its start.',
    ]);
    assert.equal(inner?.paragraphs[2], 'Script: `/srv/demo/bootstrap/a-0/run.sh`');
    assert.equal(at('[[vms]]\nname = "a"\n[v|ms.bootstrap]')?.about, 'vms');
    assert.match(at('[[vms]]\nname = "a"\n[v|ms.bootstrap]')?.paragraphs[2] ?? '', /^- `a-0`/);
  });

  it('tells of a role which VMs it starts, with their ports and disks', () => {
    const role = at(
      `${HEAD}[[vms]]\nname = "we|b"\ncount = 2\nmemory = "1 GiB"\noverlay = "disk.qcow2"\nport_forwards = [{ host = 8080, guest = 80 }]\n`,
    );
    assert.equal(role?.about, '"web"');
    assert.deepEqual(role?.paragraphs.slice(2), [
      '- `web-0`: 2 processors, 1 GiB, port 8080 to 80, overlay `/srv/demo/disk.qcow2`\n' +
        '- `web-1`: 2 processors, 1 GiB, port 8081 to 80, overlay `/srv/demo/disk-1.qcow2`',
      'State: `/srv/state`',
    ]);
    const many = at(`${HEAD}[[v|ms]]\nname = "web"\ncount = 1000\n`)?.paragraphs[2] ?? '';
    assert.equal(many.split('\n').length, 6);
    assert.match(many, /and 995 more$/);
  });

  it('tells of an instance what that one has', () => {
    const text = `${HEAD}[[vms]]\nname = "web"\ncount = 3\n[[vms.instances]]\nid = "we|b-1"\ncpus = 1\n`;
    assert.match(at(text)?.paragraphs[2] ?? '', /^- `web-1`: 1 processor, [^\n]*$/);
  });

  it('tells which VM has what, where instances differ from their role', () => {
    const text = `${HEAD}[[vms]]\nname = "web"\ncount = 3\nmem|ory = "1 GiB"\n[[vms.instances]]\nid = "web-1"\nmemory = 512\n`;
    assert.deepEqual(at(text)?.paragraphs.slice(2), ['- `web-0`, `web-2`: `1 GiB`\n- `web-1`: `512 MiB`']);
  });

  it('tells which VM has what, where VMs differ from their project', () => {
    const vms = '[[vms]]\nname = "a"\n[[vms]]\nname = "b"\naccelerator = "tcg"\nbootstrap.mode = "off"\n';
    const accelerator = at(`[project]\naccele|rator = "kvm"\n${vms}`);
    assert.deepEqual(accelerator?.paragraphs.slice(2), ['- `a-0`: `kvm`\n- `b-0`: `tcg`']);
    const mode = at(`[bootstrap]\nmo|de = "always"\n${vms}`);
    assert.deepEqual(mode?.paragraphs.slice(2), ['- `a-0`: `always`\n- `b-0`: `skip`']);
  });

  it('tells the ports of replicas', () => {
    const host = at(`${HEAD}[[vms]]\nname = "web"\ncount = 2\n[[vms.port_forwards]]\nhost = 80|80\nguest = 80\n`);
    assert.deepEqual(host?.paragraphs.slice(2), ['- `web-0`: `8080`\n- `web-1`: `8081`']);
  });

  it('tells what a value means only where that is not what is written', () => {
    const memory = (written: string) => at(`[[vms]]\nname = "a"\nmem|ory = ${written}\n`)?.paragraphs.slice(2);
    assert.deepEqual(memory('2048'), ['Means `2 GiB`.']);
    assert.deepEqual(memory('"2GiB"'), []);
  });

  it('shows what the user wrote as it is, and never as Markdown', () => {
    const role = at('[[v|ms]]\nname = "[a](b)`c"\nport_forwards = [{ host = 1, guest = 2, bind = "**" }]\n');
    assert.match(role?.paragraphs[2] ?? '', /^- `` \[a\]\(b\)`c-0 ``: .* port 1 of `\*\*` to 2,/);
  });

  it('says nothing of blanks, comments, brackets and what is unknown', () => {
    for (const text of [
      '|',
      '[[vms]]\ncpus = | 2',
      '[[vms]]\ncpus = 2 # |why',
      '[[vms]]\nnonsense| = 1',
      '[bootstrap]\nenv = { MI|NE = "1" }',
      '[nonsense|]',
      '|[[vms]]',
      '[[vms]]\nport_forwards = [| ]',
    ]) {
      assert.equal(at(text), undefined, text);
    }
  });

  it('never throws at any place of broken and odd documents', () => {
    for (const text of ODD) {
      const analysis = analysisOf(text);
      for (let offset = 0; offset <= text.length; offset++) explain(analysis, offset);
    }
  });

  it('never throws at any place of any prefix', () => {
    for (let end = 0; end <= REALISTIC.length; end += 7) {
      const analysis = analysisOf(REALISTIC.slice(0, end));
      for (let offset = 0; offset <= end; offset++) {
        const found = explain(analysis, offset);
        if (found) assert.ok(found.span.from <= offset && offset <= found.span.to && found.span.to <= end);
      }
    }
  });
});

describe('hover on paths', () => {
  it('says where a path leads and whether something is there', async (t) => {
    const { path: folder, dispose } = tempFolder();
    t.after(dispose);
    await mkdir(join(folder, 'images'));
    await writeFile(join(folder, 'images/a.qcow2'), '');
    const last = async (marked: string) => {
      const { text, offset } = cursor(marked);
      const found = await hover(analysisOf(text, join(folder, 'castra.toml')), offset, true);
      assert.ok(found);
      return (found.contents as { value: string }).value.split('\n\n').at(-1);
    };
    assert.equal(await last('[[vms]]\nbase_image = "images/|a.qcow2"'), `\`${folder}/images/a.qcow2\` (exists)`);
    assert.equal(await last('[[vms]]\nbase_|image = "b.qcow2"'), `\`${folder}/b.qcow2\` (does not exist)`);
    assert.equal(await last('[project]\nstate_dir = "im|ages"'), `\`${folder}/images\` (a folder)`);
    assert.match((await last('[[vms]]\nbase_image = "https://exa|mple.org/a.qcow2"')) ?? '', /default Alpine/);
    const overlay = `[project]\nstate_dir = "/srv/s"\n[[vms]]\nname = "a"\noverlay = ".cas|tra/a.qcow2"`;
    assert.equal(await last(overlay), '`/srv/s/a.qcow2` (not there yet)');
  });
});

describe('hover over stdio', () => {
  for (const [format, bold] of [
    ['markdown', '**cpus**'],
    ['plaintext', 'cpus'],
  ] as const) {
    it(`answers in ${format} with the range of the key`, async (t) => {
      const client = startClient(t);
      const hoverSupport = { contentFormat: [format] };
      const { capabilities } = await client.initialize({ capabilities: { textDocument: { hover: hoverSupport } } });
      assert.equal(capabilities.hoverProvider, true);
      const uri = pathToFileURL('/srv/demo/castra.toml').href;
      const { text, position } = cursor('[project\nname = \n[[vms]]\n  cp|us = 2');
      client.open(uri, text);
      const found = await client.request<Hover>('textDocument/hover', { textDocument: { uri }, position });
      assert.deepEqual(found.range, { start: { line: 3, character: 2 }, end: { line: 3, character: 6 } });
      const { kind, value } = found.contents as { kind: string; value: string };
      assert.deepEqual([kind, value.startsWith(`${bold} (`)], [format, true]);
      const nothing = { textDocument: { uri }, position: { line: 3, character: 0 } };
      assert.equal(await client.request('textDocument/hover', nothing), null);
      assert.equal(await client.stop(), 0);
    });
  }
});
