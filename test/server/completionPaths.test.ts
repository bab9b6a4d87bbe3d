import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { complete } from '../../server/features/completion/complete.ts';
import { analysisOf } from '../support/analysis.ts';
import { chosen, itemsAt, labelsAt, PLAIN, RICH } from '../support/completions.ts';
import { cursor } from '../support/marks.ts';
import { tempFolder } from '../support/tempProject.ts';

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
    assert.deepEqual(await labelsAt(deep, RICH, path), ['disk.img', 'disk.qcow2', 'old/']);
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
