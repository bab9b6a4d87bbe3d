import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { CompletionList, TextEdit } from 'vscode-languageserver';
import { complete } from '../../server/features/completion/complete.ts';
import { analysisOf } from '../support/analysis.ts';
import { chosen, itemsAt, labelsAt, offersNothing, PLAIN, RICH } from '../support/completions.ts';
import { applyEdit } from '../support/edits.ts';
import { startClient } from '../support/lspClient.ts';
import { cursor } from '../support/marks.ts';
import { tempFolder } from '../support/tempProject.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "demo"\n';
const VM = `${HEAD}[[vms]]\nname = "web"\n`;

describe('completion of keys', () => {
  it('offers what is missing, required keys first', async () => {
    const labels = await labelsAt(`${HEAD}[[vms]]\n|\n`);
    assert.deepEqual(labels.slice(0, 4), ['name', 'base_image', 'cpus', 'memory']);
    assert.ok(!labels.includes('managed_image'));
  });

  it('does not offer what the table has already, wherever it stands', async () => {
    const labels = await labelsAt(`${HEAD}[[vms]]\ncp|\nname = "a"\nmemory = 512\n[vms.bootstrap]\nmode = "skip"\n`);
    for (const label of ['name', 'memory', 'bootstrap']) assert.ok(!labels.includes(label), label);
    assert.ok(labels.includes('cpus'));
  });

  const cases: readonly (readonly [why: string, before: string, label: string, after: string])[] = [
    ['a value follows', '[project]\n|', 'name', '[project]\nname = "$1"'],
    ['a half-typed key is replaced', '[[vms]]\ncp|', 'cpus', '[[vms]]\ncpus = '],
    ['an = that follows is kept', '[[vms]]\ncp| = 2', 'cpus', '[[vms]]\ncpus = 2'],
    ['a colon that follows is kept', '[[vms]]\ncp|: 2', 'cpus', '[[vms]]\ncpus: 2'],
    ['the whole key is replaced', '[[vms]]\nme|mroy = 2', 'memory', '[[vms]]\nmemory = 2'],
    ['a key in quotes loses them', '[[vms]]\n"cp|" = 2', 'cpus', '[[vms]]\ncpus = 2'],
    ['a value without = gets one', '[project]\nna| "x"', 'name', '[project]\nname = "x"'],
    ['a comment behind is kept', '[[vms]]\ncp| # two', 'cpus', '[[vms]]\ncpus =  # two'],
    ['indentation is kept', '[[vms]]\n  cp|\n', 'cpus', '[[vms]]\n  cpus = \n'],
    [
      'Windows line breaks are kept',
      '[[vms]]\r\ncp|\r\nname = "a"\r\n',
      'cpus',
      '[[vms]]\r\ncpus = \r\nname = "a"\r\n',
    ],
    [
      'a list of tables has its required keys',
      '[[vms]]\nport|',
      'port_forwards',
      '[[vms]]\nport_forwards = [{ host = $1, guest = $2 }]',
    ],
    ['dotted keys', 'project.na|', 'name', 'project.name = "$1"'],
    ['dotted keys before a value', 'project.| = "a"', 'name', 'project.name = "a"'],
    ['dotted keys below a header', '[[vms]]\nbootstrap.mo|', 'mode', '[[vms]]\nbootstrap.mode = "$1"'],
    ['the first part of a dotted key', '[[vms]]\nboot|.mode = "skip"', 'bootstrap', '[[vms]]\nbootstrap.mode = "skip"'],
    [
      'a dotted table grows',
      '[[vms]]\nbootstrap.mode = "skip"\nboot|',
      'bootstrap',
      '[[vms]]\nbootstrap.mode = "skip"\nbootstrap.',
    ],
    ['inline tables', 'project = { na| }', 'name', 'project = { name = "$1" }'],
    ['inline tables that are open', 'project = { |', 'name', 'project = { name = "$1"'],
    [
      'rows of lists',
      '[[vms]]\nport_forwards = [{ host = 80, | }]',
      'guest',
      '[[vms]]\nport_forwards = [{ host = 80, guest = $1 }]',
    ],
    [
      'rows of lists that are open',
      '[[vms]]\nport_forwards = [{ host = 80, gu|',
      'guest',
      '[[vms]]\nport_forwards = [{ host = 80, guest = $1',
    ],
    [
      'open rows without a letter',
      '[[vms]]\nport_forwards = [{ host = 80, |',
      'guest',
      '[[vms]]\nport_forwards = [{ host = 80, guest = $1',
    ],
    ['the first line', '|', 'version', 'version = "$1"'],
  ];
  for (const [why, before, label, after] of cases) {
    it(`replaces exactly the key: ${why}`, async () => {
      assert.equal(await chosen(before, label), after.replace('guest = $1', 'guest = '));
    });
  }

  it('opens the next menu only where there is something in it', async () => {
    const again = async (marked: string, label: string) =>
      (await itemsAt(marked, { ...RICH, retrigger: 'again' })).find((item) => item.label === label)?.command?.command;
    assert.equal(await again('[[vms]]\n|', 'memory'), 'again');
    assert.equal(await again('[[vms]]\n|', 'port_forwards'), 'again');
    assert.equal(await again('[[vms]]\n|', 'base_image'), 'again');
    assert.equal(await again('[[vms]]\n|', 'description'), undefined);
    assert.equal(await again('[[vms]]\n|', 'qemu_args'), undefined);
    assert.equal(await again('[[vms]]\n|', '[[vms.port_forwards]]'), 'again');
    assert.equal(await again('[[vms]]\nmem| = 1', 'memory'), undefined);
    assert.ok((await itemsAt('[[vms]]\n|')).every(({ command }) => command === undefined));
  });

  it('counts what the client counts', async () => {
    const { text, offset } = cursor('[[vms]]\nbootstrap = { env = { A = "é🐟" }, mo| }');
    const { items } = await complete(analysisOf(text, undefined, 'utf-8'), offset, RICH);
    const start = { line: 1, character: Buffer.byteLength('bootstrap = { env = { A = "é🐟" }, ') };
    const edit = items.find(({ label }) => label === 'mode')?.textEdit as TextEdit;
    assert.deepEqual(edit.range, { start, end: { line: 1, character: start.character + 2 } });
  });

  it('puts no tab stops into an editor without snippets', async () => {
    assert.equal(await chosen('[[vms]]\nport|', 'port_forwards', PLAIN), '[[vms]]\nport_forwards = ');
    assert.ok((await itemsAt('[[vms]]\n|', PLAIN)).every(({ insertTextFormat }) => insertTextFormat === 1));
  });

  it('knows that version 0.1 has no replicas', async () => {
    const labels = await labelsAt('version = "0.1.0"\n[[vms]]\n|');
    assert.ok(!labels.includes('count') && !labels.includes('instances'));
  });

  it('offers nothing where no key can begin', async () => {
    await offersNothing('[[vms]]\nname = "a" |');
    await offersNothing('[[vms]]\nname |');
    await offersNothing('[[vms]]\nname = "a" # |');
    await offersNothing('[[vms]] |');
    await offersNothing('project = { name = "a" | }');
    await offersNothing('[nonsense.deeper]\nkey.|');
  });
});

describe('completion of headers', () => {
  it('offers required tables first, and none twice', async () => {
    assert.deepEqual((await labelsAt('|')).slice(0, 3), ['version', '[project]', '[[vms]]']);
    assert.equal((await labelsAt('[[vms]]\n|'))[0], 'name');
    const labels = await labelsAt(`version = "0.2.0"\n|\n`);
    assert.deepEqual(labels.slice(0, 2), ['[project]', '[[vms]]']);
    const more = await labelsAt(`${VM}|\n[broker]\n`);
    assert.ok(more.includes('[[vms]]') && more.includes('[lifecycle]'));
    assert.ok(!more.includes('[project]') && !more.includes('[broker]'));
  });

  it('offers nested tables only below a row that has none yet', async () => {
    assert.ok(!(await labelsAt(`${HEAD}|`)).includes('[vms.bootstrap]'));
    assert.ok((await labelsAt(`${VM}|`)).includes('[vms.bootstrap]'));
    assert.ok(!(await labelsAt(`${VM}[vms.bootstrap]\n|`)).includes('[vms.bootstrap]'));
    assert.ok((await labelsAt(`${VM}[vms.bootstrap]\n[[vms]]\n|`)).includes('[vms.bootstrap]'));
    assert.ok((await labelsAt(`${VM}[[vms.port_forwards]]\n|`)).includes('[[vms.port_forwards]]'));
    assert.ok(!(await labelsAt(`${VM}port_forwards = []\n|`)).includes('[[vms.port_forwards]]'));
    assert.ok(!(await labelsAt(`${VM}|`)).includes('[[vms.instances.port_forwards]]'));
    assert.ok((await labelsAt(`${VM}[[vms.instances]]\n|`)).includes('[[vms.instances.port_forwards]]'));
  });

  const cases: readonly (readonly [before: string, label: string, after: string])[] = [
    ['|', '[project]', '[project]\nname = "$1"'],
    ['pro|', '[project]', '[project]\nname = "$1"'],
    ['[|', '[project]', '[project]\nname = "$1"'],
    ['[|]', '[[vms]]', '[[vms]]\nname = "$1"'],
    ['[[|]]', '[[vms]]', '[[vms]]\nname = "$1"'],
    ['[[vm|]', '[[vms]]', '[[vms]]\nname = "$1"'],
    ['[vm|s]\nname = "a"', '[[vms]]', '[[vms]]\nname = "a"'],
    ['[bro| # comment', '[broker]', '[broker] # comment'],
    ['[pro| # comment', '[project]', '[project] # comment'],
    ['| # comment', '[project]', '[project] # comment'],
    ['[[vms]]\n[[vms.po|]]', '[[vms.port_forwards]]', '[[vms]]\n[[vms.port_forwards]]\nhost = $1\nguest = $2'],
    ['[[vms]]\n[vms.|', '[[vms.instances]]', '[[vms]]\n[[vms.instances]]\nid = "$1"'],
  ];
  for (const [before, label, after] of cases) {
    it(`writes ${label} in ${JSON.stringify(before)}`, async () => assert.equal(await chosen(before, label), after));
  }

  it('writes the header alone for editors without snippets', async () => {
    assert.equal(await chosen('[pro|', '[project]', PLAIN), '[project]');
  });

  it('can be filtered with the brackets that were typed', async () => {
    for (const typed of ['', '[', '[[']) {
      const items = await itemsAt(`${typed}vm|`);
      assert.equal(items.find(({ label }) => label === '[[vms]]')?.filterText, `${typed}vms`);
    }
  });
});

describe('completion of values', () => {
  const cases: readonly (readonly [why: string, before: string, label: string, after: string])[] = [
    ['quotes are added', '[project]\naccelerator = |', 'tcg', '[project]\naccelerator = "tcg"'],
    ['a blank is added', '[project]\naccelerator =|', 'tcg', '[project]\naccelerator = "tcg"'],
    ['quotes are kept', '[project]\naccelerator = "|"', 'tcg', '[project]\naccelerator = "tcg"'],
    [
      'the whole value is replaced',
      '[project]\naccelerator = "k|vm" # why',
      'tcg',
      '[project]\naccelerator = "tcg" # why',
    ],
    ['literal quotes are kept', "[project]\naccelerator = 'k|vm'", 'tcg', "[project]\naccelerator = 'tcg'"],
    ['an open quote is closed', '[project]\naccelerator = "t|', 'tcg', '[project]\naccelerator = "tcg"'],
    ['a bare word is quoted', '[project]\naccelerator = tc|', 'tcg', '[project]\naccelerator = "tcg"'],
    [
      'what follows an open quote stays',
      '[[vms]]\nport_forwards = [{ protocol = "t| }]',
      'tcp',
      '[[vms]]\nport_forwards = [{ protocol = "tcp" }]',
    ],
    ['numbers have no quotes', '[[vms]]\ncpus = |', '4', '[[vms]]\ncpus = 4'],
    ['numbers lose quotes', '[[vms]]\ncpus = "|"', '4', '[[vms]]\ncpus = 4'],
    ['memory', '[[vms]]\nmemory = |', '1 GiB', '[[vms]]\nmemory = "1 GiB"'],
    ['memory without quotes', '[[vms]]\nmemory = 1Gi|', '1 GiB', '[[vms]]\nmemory = "1 GiB"'],
    ['disk', '[[vms]]\noverlay_size = "2|"', '20 GiB', '[[vms]]\noverlay_size = "20 GiB"'],
    ['ready', '[[vms]]\nready = |', 'serial:', '[[vms]]\nready = "serial:$1"'],
    ['version', 'version = |', '0.2.0', 'version = "0.2.0"'],
    ['name of the folder', '[project]\nname = "|"', 'demo', '[project]\nname = "demo"'],
    [
      'a list of tables',
      '[[vms]]\nport_forwards = |',
      '[{ host = …, guest = … }]',
      '[[vms]]\nport_forwards = [{ host = $1, guest = $2 }]',
    ],
    [
      'a row',
      '[[vms]]\nport_forwards = [|]',
      '{ host = …, guest = … }',
      '[[vms]]\nport_forwards = [{ host = $1, guest = $2 }]',
    ],
    [
      'a row below a comment',
      '[[vms]]\nport_forwards = [\n  # one\n  |\n]',
      '{ host = …, guest = … }',
      '[[vms]]\nport_forwards = [\n  # one\n  { host = $1, guest = $2 }\n]',
    ],
    ['user data', '[[vms]]\nuser_data = |', '#cloud-config', '[[vms]]\nuser_data = """\n#cloud-config\n$1\n"""'],
    ['the broker', '[broker]\nport = |', '7070', '[broker]\nport = 7070'],
    ['bootstrap', '[[vms]]\nbootstrap = { mode = "|" }', 'skip', '[[vms]]\nbootstrap = { mode = "skip" }'],
    ['dotted', 'project.accelerator = |', 'kvm', 'project.accelerator = "kvm"'],
  ];
  for (const [why, before, label, after] of cases) {
    it('offers the other roles and their VMs as needs, without those that are listed', async () => {
      const vms =
        '[[vms]]\nname = "db"\ncount = 2\n[[vms]]\nname = "cache"\n[[vms]]\nname = "web"\nneeds = ["cache", "|"]\n';
      const labels = await labelsAt(`version = "0.2.0"\n${vms}`);
      assert.deepEqual(labels.toSorted(), ['cache-0', 'db', 'db-0', 'db-1']);
    });

    it(`replaces exactly the value: ${why}`, async () => assert.equal(await chosen(before, label), after));
  }

  it('offers nothing behind a finished one: Enter is to end the line', async () => {
    for (const line of [
      'cpus = 2',
      'memory = "2 GiB"',
      'ready = "ssh"',
      "firmware = 'uefi'",
      'port_forwards = [{ host = 80',
    ]) {
      await offersNothing(`${VM}${line}|`);
    }
    // A number that has just begun is finished too: it is asked for with each digit, not filtered by the client.
    const { text, offset } = cursor(`${VM}cpus = |`);
    assert.equal((await complete(analysisOf(text), offset, RICH)).isIncomplete, true);
    assert.deepEqual(await labelsAt(`${VM}cpus = |2`), ['1', '2', '4', '8']);
  });

  it('matches what was typed of it so far, in every kind of quotes', async () => {
    for (const quote of ['', '"', "'"]) {
      for (const [key, word] of [
        ['accelerator', 'kvm'],
        ['firmware', 'uefi'],
        ['memory', '16 GiB'],
        ['ready', 'serial:'],
      ] as const) {
        for (let length = 1; length <= (quote === '' ? 2 : word.length); length++) {
          const typed = quote + word.slice(0, length);
          const items = await itemsAt(`[[vms]]\n${key} = ${typed}|`);
          assert.ok(items.find(({ label }) => label === word)?.filterText?.startsWith(typed), `${key} = ${typed}`);
        }
      }
    }
  });

  it('can be filtered inside quotes', async () => {
    for (const quote of ['"', "'"]) {
      const items = await itemsAt(`[project]\naccelerator = ${quote}t|${quote}`);
      assert.ok(items.every(({ filterText }) => filterText?.startsWith(quote)));
    }
    assert.ok((await itemsAt('[project]\naccelerator = t|')).some(({ filterText }) => filterText === 'tcg'));
  });

  it('offers the instances that no table describes yet', async () => {
    const vm = '[[vms]]\nname = "web"\ncount = 3\n[[vms.instances]]\nid = "web-1"\n[[vms.instances]]\n';
    assert.deepEqual(await labelsAt(`version = "0.2.0"\n${vm}id = |`), ['web-0', 'web-2']);
    assert.deepEqual(await labelsAt(`[[vms]]\nname = "a"\ninstances = [{ id = "|" }]`), ['a-0']);
  });

  it('offers host ports that are free in the whole file, the broker included', async () => {
    const used = '[broker]\nport = 8081\n[[vms]]\nname = "a"\nport_forwards = [{ host = 8080, guest = 80 }]\n';
    assert.deepEqual(await labelsAt(`${used}[[vms]]\nname = "b"\nport_forwards = [{ host = | }]`), ['8082', '0']);
    assert.deepEqual(await labelsAt(`${VM}[[vms.port_forwards]]\nhost = |`), ['8080', '0']);
  });

  it('offers host ports with room for every replica of the role', async () => {
    const text = `${HEAD}[[vms]]\nname = "a"\n[[vms.port_forwards]]\nhost = 8082\nguest = 1\n`;
    const labels = await labelsAt(`${text}[[vms]]\nname = "b"\ncount = 4\n[[vms.port_forwards]]\nhost = |`);
    assert.deepEqual(labels, ['8083', '0']);
  });

  it('offers nothing in comments, texts of several lines and behind values', async () => {
    await offersNothing('[[vms]]\nuser_data = """\n|\n"""');
    await offersNothing('[project]\naccelerator = "kvm" # |');
    await offersNothing('[[vms]]\nport_forwards = [{ host = 1, guest = 2 } |]');
    await offersNothing('[[vms]]\ndescription = "|"');
  });

  it('leaves out what is nothing without snippets', async () => {
    assert.deepEqual(await labelsAt('[[vms]]\nport_forwards = |', PLAIN), []);
  });
});

describe('completion over stdio', () => {
  it('edits what an editor has in a broken document', async (t) => {
    const { path, dispose } = tempFolder();
    t.after(dispose);
    await writeFile(join(path, 'disk.qcow2'), '');
    const client = startClient(t);
    const completion = { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } };
    const options = { retrigger: 'editor.action.triggerSuggest' };
    const { capabilities } = await client.initialize({
      capabilities: { textDocument: { completion } },
      initializationOptions: options,
    });
    assert.deepEqual(capabilities.completionProvider, { triggerCharacters: ['.', '=', '[', '"', "'", '{', ',', '/'] });
    const uri = pathToFileURL(join(path, 'castra.toml')).href;
    const { text, position } = cursor('[project\n[[vms]]\nname = \nbase_image = "|"\n[[');
    client.open(uri, text);
    const ask = (at: unknown) =>
      client.request<CompletionList>('textDocument/completion', { textDocument: { uri }, position: at });
    const { items, isIncomplete } = await ask(position);
    const [first] = items;
    assert.equal(isIncomplete, true);
    assert.equal(first?.label, 'disk.qcow2');
    assert.equal(applyEdit(text, first?.textEdit as TextEdit), text.replace('""', '"disk.qcow2"'));
    const keys = (await ask({ line: 4, character: 0 })).items;
    assert.ok(keys.every(({ textEdit, insertTextFormat }) => textEdit && insertTextFormat));
    const { items: headers } = await ask({ line: 4, character: 2 });
    assert.equal(headers.find(({ label }) => label === '[broker]')?.filterText, '[[broker');
    assert.equal(await client.stop(), 0);
  });
});
