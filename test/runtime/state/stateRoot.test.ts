import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { homeFiles, projectFiles } from '../../../runtime/state/layout.ts';
import { readRootId } from '../../../runtime/state/rootClaims.ts';
import { claimRoot, examineRoot, type RootVerdict } from '../../../runtime/state/stateRoot.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('a state root', () => {
  let folder: TempFolder;
  let home: string;
  beforeEach(() => {
    folder = tempFolder();
    home = join(folder.path, 'home');
    mkdirSync(join(folder.path, 'app'));
    writeFileSync(at('app/castra.toml'), '');
  });
  afterEach(() => folder.dispose());

  const at = (name: string) => join(folder.path, name);
  const place = (stateRoot = at('app/.castra'), configPath = at('app/castra.toml')) => ({ stateRoot, configPath });
  const found = (verdict: RootVerdict) => (verdict.kind === 'refused' ? verdict.found : verdict.kind);
  const look = (...where: Parameters<typeof place>) => found(examineRoot(home, place(...where)));

  it('is made by a claim, private, and known by its id from then on', () => {
    assert.equal(look(), 'absent');
    const id = claimRoot(home, place());
    assert.equal(readRootId(at('app/.castra')), id);
    assert.equal(statSync(at('app/.castra')).mode & 0o777, 0o700);
    assert.equal(look(), 'ours');
    assert.equal(claimRoot(home, place()), id);
  });

  it('moves along with its project, and does not count as a copy of itself', () => {
    const id = claimRoot(home, place());
    renameSync(at('app'), at('moved'));
    const moved = place(at('moved/.castra'), at('moved/castra.toml'));
    assert.equal(found(examineRoot(home, moved)), 'ours');
    assert.equal(claimRoot(home, moved), id);
  });

  it('that was copied, is shared, is a link or is behind one is refused', () => {
    claimRoot(home, place());
    cpSync(at('app'), at('copy'), { recursive: true });
    assert.equal(look(at('copy/.castra'), at('copy/castra.toml')), 'copy');
    assert.equal(look(at('app/.castra'), at('copy/castra.toml')), 'other-project');
    symlinkSync(at('app/.castra'), at('app/link'));
    assert.equal(look(at('app/link')), 'link');
    symlinkSync(at('copy'), at('app/sub'));
    assert.equal(look(at('app/sub/.castra')), 'link');
    rmSync(projectFiles(at('app/.castra')).logs, { recursive: true, force: true });
    symlinkSync(at('copy'), projectFiles(at('app/.castra')).logs);
    assert.equal(look(), 'damaged');
  });

  it('that Castra’s home does not know is refused, whatever is in it', () => {
    mkdirSync(at('app/.castra'));
    for (const text of ['', 'garbage', '00000000-0000-4000-8000-000000000000\n']) {
      writeFileSync(projectFiles(at('app/.castra')).id, text);
      writeFileSync(projectFiles(at('app/.castra')).lock, '');
      assert.equal(look(), 'unknown', text);
      assert.throws(() => claimRoot(home, place()), CastraError);
    }
  });

  describe('in the default place', () => {
    const root = () => join(homeFiles(home).projects, 'app-1');
    const make = () => {
      mkdirSync(root(), { recursive: true, mode: 0o700 });
      writeFileSync(projectFiles(root()).lock, '');
    };

    it('counts without an id, with one that is garbage, and with one that home has lost: it gets a new one', () => {
      make();
      for (const id of [undefined, 'garbage', '00000000-0000-4000-8000-000000000000']) {
        if (id !== undefined) writeFileSync(projectFiles(root()).id, id);
        rmSync(homeFiles(home).roots, { recursive: true, force: true });
        assert.equal(look(root()), 'unmarked');
        const made = claimRoot(home, place(root()));
        assert.notEqual(made, id);
        assert.equal(look(root()), 'ours');
      }
    });

    it('is unusable when its id cannot be written', () => {
      make();
      mkdirSync(projectFiles(root()).id);
      assert.throws(() => claimRoot(home, place(root())), /Cannot use the state root/);
    });

    it('is refused while other users can write to it', () => {
      make();
      chmodSync(root(), 0o777);
      assert.equal(look(root()), 'writable');
    });
  });
});
