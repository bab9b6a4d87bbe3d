// The README of the packages. Their pages, on npm and in VS Code, resolve no relative link while no public repository is
// known: VS Code opens only http, https and mailto (onDidClickLink in extensionEditor.ts), npm looks in the repository.
// So links lead to places within the page, which has the pages that a user needs first as its last chapters, or to
// addresses. Other files are named where they are, and ship.
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '../../..');

/** The pages that become chapters. More would be cut off: npm shows 64 kB. */
const CHAPTERS = ['docs/getting-started.md', 'docs/troubleshooting.md', 'docs/security.md'];

/** What concerns only a clone of the repository stands between these. */
const CLONE_ONLY = /<!-- clone -->.*?<!-- \/clone -->\n*/gs;
const COMMENTS = /<!--.*?-->\n*/gs;
/** Its text may have brackets in code. */
const LINKS = /(!?)\[([^\]]*)\]\(([^)\s]+)\)/g;

/**
 * `pictures`: VS Code shows those that are in the text itself, npm shows none without an address. `folder` is where what
 * ships is found.
 */
export function packedReadme({ pictures, folder }) {
  const files = `Pages that are named without a link, such as \`docs/cli.md\`, are files in ${folder}.`;
  const parts = [pageOf('README.md', pictures), files, ...CHAPTERS.map((path) => chapterOf(path, pictures))];
  return `${parts.map((text) => text.trimEnd()).join('\n\n')}\n`;
}

/** One level below the title of the README. */
function chapterOf(path, pictures) {
  return outsideCode(pageOf(path, pictures), (text) => text.replaceAll(/^#/gm, '##'));
}

function pageOf(path, pictures) {
  const text = readFileSync(join(root, path), 'utf8').replaceAll(CLONE_ONLY, '').replaceAll(COMMENTS, '');
  return outsideCode(text, (part) =>
    part.replaceAll(LINKS, (link, mark, words, target) => {
      if (/^(?:https:|#)/.test(target)) return link;
      const file = posix.join(dirname(path), target.split('#')[0]);
      if (mark === '!') return pictures ? `![${words}](${inlined(file)})` : '';
      return linkTo(file, words);
    }),
  ).replaceAll(/\n{3,}/g, '\n\n');
}

function linkTo(file, words) {
  if (CHAPTERS.includes(file)) return `[${isPath(words) ? titleOf(file) : words}](#${anchorOf(titleOf(file))})`;
  return isPath(words) ? `\`${file}\`` : `${words} (\`${file}\`)`;
}

const isPath = (words) => /^[\w/-]+\.md$|^LICENSE$/.test(words);
const titleOf = (path) => /^# (.*)$/m.exec(readFileSync(join(root, path), 'utf8'))[1];
const anchorOf = (title) => title.toLowerCase().replaceAll(' ', '-');

function inlined(path) {
  return `data:image/png;base64,${readFileSync(join(root, path)).toString('base64')}`;
}

/** Code blocks stay as they are, whatever looks like a heading or a link in them. */
function outsideCode(text, change) {
  return text
    .split(/(^```.*?^```$)/ms)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('');
}
