import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { commandTable } from '../../client/commands/table.ts';
import { type Links, linksOf } from '../support/markdownLinks.ts';
import { type TempFolder, tempFolder } from '../support/tempProject.ts';
import { readZip, writeFiles } from '../support/zip.ts';

/** What npm keeps of a README: the rest is cut off. */
const NPM_README_BYTES = 64 * 1024;

describe('pages of the packages', () => {
  let folder: TempFolder;
  let extension: string;
  let npm: string;
  before(() => {
    folder = tempFolder();
    const vsix = join(folder.path, 'castra.vsix');
    run('scripts/package.mjs', vsix);
    writeFiles(join(folder.path, 'unpacked'), readZip(vsix));
    extension = join(folder.path, 'unpacked/extension');
    npm = join(folder.path, 'npm');
    run('scripts/npmPackage.mjs', npm);
  });
  after(() => folder.dispose());

  it('have only links that VS Code follows in the README and the changelog of the extension', () => {
    const readme = linksOf(readFileSync(join(extension, 'readme.md'), 'utf8'));
    assert.ok(readme.anchors.length >= 5);
    assert.deepEqual(leadNowhere(readme), []);
    assert.ok(readme.pictures.length >= 1);
    assert.deepEqual(
      readme.pictures.filter((picture) => !isPng(picture)),
      [],
    );
    const changelog = linksOf(readFileSync(join(extension, 'changelog.md'), 'utf8'));
    assert.deepEqual([...leadNowhere(changelog), ...changelog.pictures], []);
  });

  it('have only links that npm follows, no picture, and nothing that is cut off', () => {
    const text = readFileSync(join(npm, 'README.md'), 'utf8');
    const readme = linksOf(text);
    assert.ok(readme.anchors.length >= 5);
    assert.deepEqual([...leadNowhere(readme), ...readme.pictures], []);
    assert.ok(Buffer.byteLength(text) < NPM_README_BYTES);
  });

  it('name no file that does not ship', () => {
    for (const [packed, name] of [
      [extension, 'readme.md'],
      [npm, 'README.md'],
    ] as const) {
      const text = readFileSync(join(packed, name), 'utf8');
      const named = [...text.matchAll(/`(docs\/[\w/-]+\.md)`/g)].map(([, path]) => String(path));
      assert.ok(named.length >= 5);
      assert.deepEqual(
        named.filter((path) => !existsSync(join(packed, path))),
        [],
        packed,
      );
      assert.doesNotMatch(text, /<!--|npm run|from a clone/i);
    }
  });

  it('lead within each other and to files that ship', () => {
    for (const packed of [extension, npm]) {
      const pages = readdirSync(join(packed, 'docs'));
      assert.equal(pages.length, 7);
      const broken = pages.flatMap((page) => brokenFiles(join(packed, 'docs'), page));
      assert.deepEqual(broken, [], packed);
    }
  });

  it('have walkthroughs and welcomes whose links run commands that exist', () => {
    const words = readFileSync(join(extension, 'package.nls.json'), 'utf8');
    const links = [...words.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => String(link));
    const ours = links.filter((link) => link.startsWith('command:castra.'));
    assert.ok(ours.length >= 6);
    const unknown = ours.filter((link) => !Object.hasOwn(commandTable, link.slice('command:castra.'.length)));
    assert.deepEqual(unknown, []);
    assert.deepEqual(
      links.filter((link) => !/^command:(?:castra\.\w+|(?:workbench|vscode)\.[\w.]+(?:\?\S+)?)$/.test(link)),
      [],
    );
  });
});

function run(script: string, target: string): void {
  const { status, stderr } = spawnSync(process.execPath, [script, target], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** Neither page follows a relative link: it leads to an address or within the page. */
function leadNowhere({ links, anchors }: Links): string[] {
  return links.filter((link) => !link.startsWith('https://') && !anchors.includes(link.slice(1)));
}

/** The bytes of a PNG file, in the text itself. */
function isPng(picture: string): boolean {
  const [, bytes = ''] = /^data:image\/png;base64,(.+)$/.exec(picture) ?? [];
  return Buffer.from(bytes, 'base64').subarray(1, 4).toString() === 'PNG';
}

/** These are read as files, where a relative link leads to a file beside. */
function brokenFiles(folder: string, page: string): string[] {
  const { links } = linksOf(readFileSync(join(folder, page), 'utf8'));
  const isBroken = (link: string) => {
    const [path = '', anchor] = link.split('#');
    const target = join(folder, path === '' ? page : path);
    return (
      !existsSync(target) || !(anchor === undefined || linksOf(readFileSync(target, 'utf8')).anchors.includes(anchor))
    );
  };
  return links.filter((link) => !link.startsWith('https://') && isBroken(link)).map((link) => `${page}: ${link}`);
}
