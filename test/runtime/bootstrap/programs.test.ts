import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { program, quote, SENT, shellLine, unpackLine } from '../../../runtime/bootstrap/guest/shell.ts';
import { UnitOutput } from '../../../runtime/bootstrap/guest/unitOutput.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.dispose());

describe('programs for guests', () => {
  it('carry any value, and what they start cannot read their rest', () => {
    const odd = `it's "$HOME" \`id\` \\ \n\t é 🚀 !`;
    const text = program([`printf '<%s>' ${quote(odd)}`, 'cat >/dev/null', 'echo end']);
    for (const shell of ['sh', 'dash', 'bash'])
      assert.equal(spawnSync(shell, { input: text, encoding: 'utf8' }).stdout ?? '', `<${odd}>end\n`, shell);
  });

  it('become another user only where that is needed', () => {
    assert.equal(shellLine(), '/bin/sh');
    const me = spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim();
    const { stdout } = spawnSync('sh', ['-c', shellLine(me)], { input: 'id -un\n', encoding: 'utf8' });
    assert.equal(stdout.trim(), me);
  });
});

describe('unpacking', () => {
  const unpack = (dir: string, members: Readonly<Record<string, string>>) => {
    const source = join(folder.path, 'source');
    mkdirSync(source, { recursive: true });
    for (const [name, text] of Object.entries(members)) writeFileSync(join(source, name), text);
    const archive = spawnSync('tar', ['-C', source, '-cf', '-', ...Object.keys(members)]).stdout;
    spawnSync('rm', ['-rf', source]);
    return spawnSync('sh', ['-c', unpackLine(dir, false)], { input: archive, encoding: 'utf8' });
  };

  it('replaces a folder as a whole, whatever it is called, and leaves nothing beside it', () => {
    const dir = join(folder.path, `it's "odd" $HOME`, 'größe');
    assert.equal(unpack(dir, { a: '1', b: '2', [SENT]: 'x' }).status, 0);
    assert.equal(unpack(dir, { a: '3', [SENT]: 'y' }).status, 0);
    assert.deepEqual(readdirSync(dir).sort(), [SENT, 'a']);
    assert.equal(readFileSync(join(dir, 'a'), 'utf8'), '3');
    assert.deepEqual(readdirSync(join(dir, '..')), ['größe']);
  });

  it('leaves the folder as it was when the archive is cut off or none', () => {
    const dir = join(folder.path, 'dir');
    unpack(dir, { a: '1', [SENT]: 'x' });
    const cut = unpack(dir, { a: '2' });
    assert.equal(cut.status, 1);
    assert.match(cut.stderr, /did not arrive whole/);
    assert.equal(spawnSync('sh', ['-c', unpackLine(dir, false)], { input: 'no tar'.repeat(200) }).status, 1);
    assert.equal(readFileSync(join(dir, 'a'), 'utf8'), '1');
    assert.equal(existsSync(`${dir}.castra-new`), false);
  });
});

describe('what a contained program prints', () => {
  const MARK = 'castra:0123';

  async function read(...pieces: string[]) {
    const passed: string[] = [];
    const groups: number[] = [];
    const output = new UnitOutput(
      MARK,
      async (_, text) => void passed.push(text),
      ({ pid }) => void groups.push(pid),
    );
    for (const piece of pieces) await output.take('stdout', piece);
    return { output, groups, text: passed.join('') };
  }

  it('is passed on without our lines, and only those before the script count', async () => {
    const { output, groups, text } = await read(
      `motd\n${MARK} pid 42 777\n`,
      `${MARK} run\nhello\n${MARK} pid 1 1\n`,
      `${MARK} skip check\n`,
    );
    assert.equal(text, `motd\nhello\n${MARK} pid 1 1\n${MARK} skip check\n`);
    assert.deepEqual(groups, [42]);
    assert.deepEqual([output.group, output.skipped], [42, undefined]);
  });

  it('takes no nonsense for a process group, and keeps the last lines without control characters', async () => {
    assert.deepEqual((await read(`${MARK} pid -1 x\n${MARK} pid 1;reboot 1\n`)).groups, []);
    const { output } = await read(`${MARK} run\n`, `${'x\n'.repeat(50)}\u001b[2Jlast\u0007\n`);
    assert.equal(output.tail.length, 12);
    assert.equal(output.tail.at(-1), 'last');
  });

  it('finds the words of scripts on lines of their own', async () => {
    const { output } = await read(
      `${MARK} run\n`,
      'say Castra:noop\n',
      ' Castra:error: first \nCastra:error:second\nCastra:noop\n',
    );
    assert.deepEqual([output.noop, output.error], [true, 'first']);
    assert.equal((await read(`${MARK} run\n`, 'echo Castra:noop\n')).output.noop, false);
  });
});
