import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { CompletionItem, CompletionList, TextEdit } from 'vscode-languageserver';
import type { TomlDocument } from '../../runtime/config/toml/syntax.ts';
import { type CompletionStyle, complete, propose } from '../../server/features/completion/complete.ts';
import { analysisOf } from '../support/analysis.ts';
import { ODD, REALISTIC } from '../support/castraTexts.ts';
import { applyEdit } from '../support/edits.ts';
import { startClient } from '../support/lspClient.ts';
import { cursor } from '../support/marks.ts';
import { tempFolder } from '../support/tempProject.ts';

const RICH: CompletionStyle = { snippets: true, markdown: true };
const PLAIN: CompletionStyle = { snippets: false, markdown: false };

async function itemsAt(marked: string, style = RICH, path?: string): Promise<readonly CompletionItem[]> {
  const { text, offset } = cursor(marked);
  return (await complete(analysisOf(text, path), offset, style)).items;
}

/** In the order that a client shows. */
async function labelsAt(marked: string, style = RICH, path?: string): Promise<string[]> {
  const items = await itemsAt(marked, style, path);
  const key = ({ sortText, label }: CompletionItem) => sortText ?? label;
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1)).map(({ label }) => label);
}

/** The text once an item was chosen. */
async function chosen(marked: string, label: string, style = RICH, path?: string): Promise<string> {
  const items = await itemsAt(marked, style, path);
  const item = items.find((one) => one.label === label);
  assert.ok(item, `"${label}" is not offered, but: ${items.map((one) => one.label).join(', ')}`);
  return applyEdit(cursor(marked).text, item.textEdit as TextEdit);
}

async function offersNothing(marked: string): Promise<void> {
  assert.deepEqual(await labelsAt(marked), [], marked);
}

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
    it(`replaces exactly the value: ${why}`, async () => assert.equal(await chosen(before, label), after));
  }

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

describe('completion of paths', () => {
  async function folder(t: TestContext): Promise<string> {
    const { path, dispose } = tempFolder();
    t.after(dispose);
    for (const name of ['images/old', 'bootstrap', '.hidden']) await mkdir(join(path, name), { recursive: true });
    for (const name of ['images/disk.qcow2', 'images/disk.img', 'notes.md', 'setup.sh', 'a "b" $x.qcow2', '.secret']) {
      await writeFile(join(path, name), '');
    }
    await symlink('loop', join(path, 'loop'));
    await symlink('images', join(path, 'linked'));
    return join(path, 'castra.toml');
  }

  it('lists files of the right kind, the best first and hidden ones last', async (t) => {
    const path = await folder(t);
    assert.deepEqual(await labelsAt('[[vms]]\nbase_image = "|"', RICH, path), [
      'a "b" $x.qcow2',
      'bootstrap/',
      'images/',
      'linked/',
      'notes.md',
      'setup.sh',
      '.hidden/',
      '.secret',
    ]);
    assert.equal((await labelsAt('[[vms]]\nbootstrap.script = "|"', RICH, path))[0], 'setup.sh');
    const folders = ['bootstrap/', 'images/', 'linked/', '.hidden/'];
    assert.deepEqual(await labelsAt('[[vms]]\nbootstrap.payload = "|"', RICH, path), folders);
    assert.deepEqual(await labelsAt('[project]\nstate_dir = "|"', RICH, path), folders);
    assert.ok((await labelsAt('[[vms]]\noverlay = "|"', RICH, path)).includes('.castra/'));
  });

  it('goes deeper behind each slash, with the cursor inside the quotes', async (t) => {
    const path = await folder(t);
    const at = (marked: string, label: string, style = RICH) => chosen(marked, label, style, path);
    assert.equal(await at('[[vms]]\nbase_image = "im|"', 'images/'), '[[vms]]\nbase_image = "images/"');
    assert.equal(await at('[[vms]]\nbase_image = im|', 'images/'), '[[vms]]\nbase_image = "images/$0"');
    assert.equal(await at('[[vms]]\nbase_image = im|', 'images/', PLAIN), '[[vms]]\nbase_image = "images/"');
    const deep = '[[vms]]\nbase_image = "images/di|sk" # mine';
    assert.equal(await at(deep, 'disk.qcow2'), '[[vms]]\nbase_image = "images/disk.qcow2" # mine');
    assert.deepEqual(await labelsAt(deep, RICH, path), ['disk.qcow2', 'old/', 'disk.img']);
    const item = (await itemsAt('[[vms]]\nbase_image = "im|"', { ...RICH, retrigger: 'again' }, path)).find(
      ({ label }) => label === 'images/',
    );
    assert.equal(item?.command?.command, 'again');
    assert.deepEqual(item?.textEdit && 'newText' in item.textEdit && item.textEdit.newText, '"images/');
  });

  it('finds what was typed in a folder with more files than anybody chooses from', async (t) => {
    const path = await folder(t);
    const many = join(dirname(path), 'many');
    await mkdir(many);
    for (let file = 0; file < 1100; file++) writeFileSync(join(many, `${file}.img`), '');
    assert.equal((await labelsAt('[[vms]]\nbase_image = "many/|"', RICH, path)).length, 1000);
    assert.deepEqual(await labelsAt('[[vms]]\nbase_image = "many/1099|"', RICH, path), ['1099.img']);
  });

  it('lists the state root for overlays', async (t) => {
    const path = await folder(t);
    const state = '[project]\nstate_dir = "images"\n[[vms]]\n';
    assert.deepEqual(await labelsAt(`${state}overlay = ".castra/|"`, RICH, path), ['disk.qcow2', 'old/', 'disk.img']);
    assert.equal(await chosen(`${state}overlay = ".ca|"`, '.castra/', RICH, path), `${state}overlay = ".castra/"`);
  });

  it('escapes names as the quotes around them need it', async (t) => {
    const path = await folder(t);
    const name = 'a "b" $x.qcow2';
    assert.equal(
      await chosen('[[vms]]\nbase_image = "|"', name, RICH, path),
      '[[vms]]\nbase_image = "a \\"b\\" $x.qcow2"',
    );
    assert.equal(await chosen("[[vms]]\nbase_image = '|'", name, RICH, path), `[[vms]]\nbase_image = '${name}'`);
  });

  it('asks again for paths only, and lists nothing for URLs, texts and documents without a folder', async (t) => {
    const path = await folder(t);
    const listed = async (marked: string) => {
      const { text, offset } = cursor(marked);
      return complete(analysisOf(text, path), offset, RICH);
    };
    assert.equal((await listed('[[vms]]\nbase_image = "|"')).isIncomplete, true);
    assert.equal((await listed('[[vms]]\nmemory = "|"')).isIncomplete, false);
    assert.deepEqual((await listed('[[vms]]\nbase_image = "https://|"')).items, []);
    assert.deepEqual((await listed('[[vms]]\nuser_data = "#!/|"')).items, []);
    assert.deepEqual((await listed('[[vms]]\nbase_image = "nowhere/|"')).items, []);
    const { text, offset } = cursor('[[vms]]\nbase_image = "|"');
    assert.deepEqual((await complete({ ...analysisOf(text), uri: 'untitled:castra.toml' }, offset, RICH)).items, []);
  });
});

/** Not a line of a text or of a list. */
function isStatement({ root }: TomlDocument, offset: number): boolean {
  const entries = [...root.entries, ...root.sections.flatMap((section) => section.entries)];
  return entries.every(({ from, to }) => offset <= from || to <= offset);
}

describe('completion anywhere', () => {
  it('is tried on a valid document', () => assert.ok(analysisOf(REALISTIC).project));

  it('only edits the line of the cursor, around the cursor, at every place of every prefix', () => {
    let offered = 0;
    for (let end = 0; end <= REALISTIC.length; end++) {
      // The end of a prefix is where somebody types; every other place of it is met in another one.
      for (const [text, offset] of [
        [REALISTIC.slice(0, end), end],
        [REALISTIC, end],
        [REALISTIC.slice(end), 0],
      ] as const) {
        const { proposals } = propose(analysisOf(text), offset);
        offered += proposals.length;
        for (const { replaces, label } of proposals) {
          const place = `${label} at ${offset} of ${text.length}`;
          assert.ok(0 <= replaces.from && replaces.from <= offset && offset <= replaces.to, place);
          assert.ok(replaces.to <= text.length && !text.slice(replaces.from, replaces.to).includes('\n'), place);
        }
      }
    }
    assert.ok(offered > 10_000, `${offered} in all`);
  });

  it('never throws at any place of broken and odd documents', () => {
    for (const text of ODD) {
      const analysis = analysisOf(text);
      for (let offset = 0; offset <= text.length; offset++) {
        for (const { replaces, label } of propose(analysis, offset).proposals) {
          const isAround = replaces.from <= offset && offset <= replaces.to;
          assert.ok(
            isAround && !text.slice(replaces.from, replaces.to).includes('\n'),
            `${label} at ${offset} of ${text}`,
          );
        }
      }
    }
  });

  it('never throws at any place of any prefix', () => {
    for (let end = 0; end <= REALISTIC.length; end += 7) {
      const analysis = analysisOf(REALISTIC.slice(0, end));
      for (let offset = 0; offset <= end; offset++) propose(analysis, offset);
    }
  });

  it('offers every key, header and word that somebody then wrote, at its first letter', () => {
    const { document } = analysisOf(REALISTIC).syntax;
    const words = [...REALISTIC.matchAll(/^ *(\[+)?([\w.]+)/gm)].filter(({ index }) => isStatement(document, index));
    assert.ok(words.length > 40, `${words.length} statements`);
    for (const { index, 0: whole, 1: brackets = '', 2: name = '' } of words) {
      const last = name.lastIndexOf('.') + 1;
      const from = index + whole.length - (brackets === '' ? name.length - last : name.length);
      const wanted = brackets === '' ? name.slice(last) : `${brackets}${name}${brackets.replaceAll('[', ']')}`;
      if (wanted === 'ROLE') continue;
      for (const rest of ['', REALISTIC.slice(REALISTIC.indexOf('\n', from))]) {
        const offered = propose(analysisOf(REALISTIC.slice(0, from + 1) + rest), from + 1).proposals;
        assert.ok(
          offered.some(({ label }) => label === wanted),
          `${wanted} at ${from}${rest === '' ? ', the end' : ''}`,
        );
      }
    }
  });

  it('offers nothing that would define something twice', () => {
    const twice = /^toml\/(?:duplicate-key|redefined-table|not-a-table)$/;
    let tried = 0;
    for (const { index } of REALISTIC.matchAll(/^$/gm)) {
      for (const { label, text, replaces } of propose(analysisOf(REALISTIC), index).proposals) {
        const value = text.endsWith('= ') ? '0' : '';
        const written = REALISTIC.slice(0, replaces.from) + text + value + REALISTIC.slice(replaces.to);
        const faults = analysisOf(written).diagnostics.filter(({ code }) => twice.test(code));
        assert.deepEqual(faults, [], `${label} at ${index}`);
        tried += 1;
      }
    }
    assert.ok(tried > 100, `${tried} in all`);
  });

  it('is quick in long documents (printed, not judged)', (t) => {
    const rows = Array.from(
      { length: 1000 },
      (_, row) => `[[vms]]\nname = "vm-${row}"\ncpus = 2\n[[vms.port_forwards]]\nhost = ${row + 1}`,
    );
    const text = `${HEAD}${rows.join('\n')}\n`;
    const analysis = analysisOf(text);
    for (const [what, offset] of [
      ['a header', text.length],
      ['a host port', text.length - 2],
    ] as const) {
      const since = performance.now();
      for (let round = 0; round < 20; round++) propose(analysis, offset);
      t.diagnostic(`${what} in ${text.split('\n').length} lines: ${((performance.now() - since) / 20).toFixed(2)} ms`);
    }
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
