import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fileChecks } from '../../../server/documents/fileChecks.ts';
import { definition } from '../../../server/features/definition.ts';
import { documentLinks } from '../../../server/features/documentLinks.ts';
import { findTargets } from '../../../server/text/pathStrings.ts';
import { analyzed, HEAD, prefixes, URI } from '../../support/analyzed.ts';
import { startClient } from '../../support/lspClient.ts';
import { cursor } from '../../support/marks.ts';

const targets = (text: string) =>
  findTargets(analyzed(text)).map(({ target }) => (target.kind === 'path' ? target.path : target.url));

describe('findTargets', () => {
  it('resolves each path by the rules of its key', () => {
    const text = `version = "0.2.0"
[project]
name = "demo"
state_dir = "state"
[[vms]]
name = "web"
base_image = "../a.qcow2"
overlay = ".castra/o.qcow2"
user_data = "cloud.yaml"
bootstrap = { script = "s.sh", payload = '/p', verify_path = "no" }
[[vms.instances]]
id = "web-0"
base_image = "https://example.org/a.qcow2"
overlay = "o.qcow2"
user_data = "u"
[[vms]]
user_data = "#cloud-config"
base_image = ""
remote_dir = "no"
`;
    assert.deepEqual(targets(text), [
      '/srv/demo/state',
      '/srv/a.qcow2',
      '/srv/demo/state/o.qcow2',
      '/srv/demo/cloud.yaml',
      '/srv/demo/s.sh',
      '/p',
      'https://example.org/a.qcow2',
      '/srv/demo/o.qcow2',
      '/srv/demo/u',
    ]);
  });

  it('has nothing for a string without an end, nor for paths of a document that is not saved', () => {
    assert.deepEqual(targets('[[vms]]\nbase_image = "a\n'), []);
    assert.deepEqual(findTargets(analyzed('[[vms]]\nbase_image = "a"\n', 'untitled:castra.toml')), []);
  });
});

describe('paths in castra.toml', () => {
  let root = '';
  before(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'castra paths é-')));
    mkdirSync(join(root, 'payload'));
    writeFileSync(join(root, 'run.sh'), '');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const at = (text: string) => analyzed(text, pathToFileURL(join(root, 'castra.toml')).href);

  it('are links when they exist, on the text between the quotes; so are URLs', async () => {
    const text = `${HEAD}[[vms]]
base_image = "https://example.org/a.qcow2"
user_data = "gone.yaml"
bootstrap = { script = "run.sh", payload = '''payload''' }
`;
    const analysis = at(text);
    const links = await documentLinks(analysis, fileChecks());
    assert.deepEqual(
      links.map(({ range, target }) => [
        text.slice(analysis.positions.offset(range.start), analysis.positions.offset(range.end)),
        target,
      ]),
      [
        ['https://example.org/a.qcow2', 'https://example.org/a.qcow2'],
        ['run.sh', pathToFileURL(join(root, 'run.sh')).href],
        ['payload', pathToFileURL(join(root, 'payload')).href],
      ],
    );
  });

  it('lead to their file; folders and what is missing lead nowhere', async () => {
    const find = async (marked: string) => {
      const { text, offset } = cursor(HEAD + marked);
      return (await definition(at(text), offset, fileChecks())).map(({ uri }) => uri);
    };
    assert.deepEqual(await find('[[vms]]\nbootstrap.script = "ru|n.sh"\n'), [pathToFileURL(join(root, 'run.sh')).href]);
    assert.deepEqual(await find('[[vms]]\nbootstrap.payload = "pay|load"\n'), []);
    assert.deepEqual(await find('[[vms]]\nuser_data = "go|ne"\n'), []);
    assert.deepEqual(await find('[[vms]]\ndescription = "run|.sh"\n'), []);
  });

  it('lead from the id of an instance to the name of its role', async () => {
    const { text, offset } = cursor(`${HEAD}[[vms]]\nname = "web"\n[[vms.instances]]\nid = "web|-0"\n`);
    const analysis = at(text);
    const [found] = await definition(analysis, offset, fileChecks());
    assert.equal(analysis.positions.offset(found?.range.start ?? { line: 0, character: 0 }), text.indexOf('web"'));
  });

  it('never fail, at any offset of broken documents', async () => {
    const files = fileChecks(() => Promise.resolve('file'));
    for (const analysis of prefixes(211)) {
      for (let offset = 0; offset <= analysis.text.length; offset++) await definition(analysis, offset, files);
    }
    for (const analysis of prefixes(7)) await documentLinks(analysis, files);
  });

  it('are links over the protocol', async (t) => {
    const client = startClient(t);
    await client.initialize();
    client.open(URI, '[[vms]]\nbase_image = "https://example.org/a"\n');
    const links = await client.request<{ target: string }[]>('textDocument/documentLink', {
      textDocument: { uri: URI },
    });
    assert.deepEqual(
      links.map(({ target }) => target),
      ['https://example.org/a'],
    );
    const position = { line: 1, character: 20 };
    assert.deepEqual(await client.request('textDocument/definition', { textDocument: { uri: URI }, position }), []);
    await client.stop();
  });
});
