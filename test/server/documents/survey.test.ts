import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { surveyFolders } from '../../../server/documents/survey.ts';

describe('surveyFolders', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'castra-survey-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, text = 'version = "0.2.0"\n') => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const survey = async (before = new Map()) => surveyFolders([root, join(root, 'a')], before);
  const found = async () => [...(await survey()).keys()].map((path) => relative(root, path)).sort();

  it('finds each castra.toml once, and none in hidden folders, node_modules, or behind links', async () => {
    for (const folder of ['.', 'a', 'a/b/c', 'node_modules/x', '.git', 'a/.hidden']) write(`${folder}/castra.toml`);
    write('a/other.toml');
    mkdirSync(join(root, 'folder/castra.toml'), { recursive: true });
    symlinkSync(root, join(root, 'a/loop'));
    assert.deepEqual(await found(), ['a/b/c/castra.toml', 'a/castra.toml', 'castra.toml']);
  });

  it('finds each bootstrap.toml two folders below a project, and no other', async () => {
    for (const folder of ['.', 'a', 'bootstrap', 'bootstrap/web', 'bootstrap/web/payload'])
      write(`${folder}/bootstrap.toml`);
    assert.deepEqual(await found(), ['bootstrap/web/bootstrap.toml']);
  });

  it('does not go below a folder with thousands of entries', async () => {
    write('data/deep/castra.toml');
    for (let index = 0; index < 2001; index++) writeFileSync(join(root, 'data', `${index}`), '');
    write('data/castra.toml');
    assert.deepEqual(await found(), ['data/castra.toml']);
  });

  it('reads a file again only when it changed', async () => {
    write('castra.toml');
    const path = join(root, 'castra.toml');
    const first = await survey();
    const second = await survey(new Map(first));
    assert.equal(second.get(path), first.get(path));
    write('castra.toml', 'version = "0.1"\n# longer\n');
    const third = await survey(new Map(second));
    assert.equal(third.get(path)?.text, 'version = "0.1"\n# longer\n');
  });

  it('leaves out a file that is larger than any project', async () => {
    write('castra.toml', '#'.repeat(1024 * 1024 + 1));
    assert.deepEqual(await found(), []);
  });
});
