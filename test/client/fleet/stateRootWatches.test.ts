import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type StateRootWatches, watchStateRoots } from '../../../client/fleet/stateRootWatches.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

/** As long as a change may take to be seen, when it must not be. */
const QUIET_MS = 200;

describe('watches of state roots', () => {
  let folder: TempFolder;
  let watches: StateRootWatches;
  let seen: Set<string>;
  const root = (name: string) => join(folder.path, name);
  const touch = (name: string) => writeFileSync(join(root(name), `file-${process.hrtime.bigint()}`), '');
  const until = async (...projects: string[]) => {
    while (!projects.every((project) => seen.has(project))) await delay(5);
  };

  beforeEach(() => {
    folder = tempFolder();
    for (const name of ['one', 'two']) mkdirSync(root(name));
    seen = new Set();
    watches = watchStateRoots((project) => seen.add(project));
  });
  afterEach(async () => {
    watches.close();
    await folder.dispose();
  });

  it('report a change to every project that uses the folder', async () => {
    watches.follow('a', root('one'));
    watches.follow('b', root('one'));
    touch('one');
    await until('a', 'b');
  });

  it('end with the last project that used the folder', async () => {
    watches.follow('a', root('one'));
    watches.follow('b', root('one'));
    watches.leave('a');
    touch('one');
    await until('b');
    assert.ok(!seen.has('a'));
    watches.leave('b');
    seen.clear();
    touch('one');
    await delay(QUIET_MS);
    assert.equal(seen.size, 0);
  });

  it('go to the folder that the project uses now', async () => {
    watches.follow('a', root('one'));
    watches.follow('a', root('two'));
    touch('one');
    await delay(QUIET_MS);
    assert.equal(seen.size, 0);
    touch('two');
    await until('a');
  });
  it('follow nothing more once they are closed', async () => {
    watches.close();
    watches.follow('a', root('one'));
    touch('one');
    await delay(QUIET_MS);
    assert.equal(seen.size, 0);
  });
});
