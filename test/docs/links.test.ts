import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((name) => `docs/${name}`)];

/** Code is no link, whatever it looks like. */
const withoutCode = (text: string) => text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');

/** As GitHub and VS Code make them: lower case, letters, digits and hyphens; repeated ones are numbered. */
function anchorsOf(path: string): Set<string> {
  const text = readFileSync(path, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
  const seen = new Map<string, number>();
  const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => {
    const words = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return new Set(anchors);
}

function brokenLinks(page: string): string[] {
  const links = [...withoutCode(readFileSync(page, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) =>
    String(link),
  );
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && (statSync(target).isDirectory() || !anchorsOf(target).has(anchor));
    })
    .map((link) => `${page}: ${link}`);
}

test('every relative link of README and docs leads to a file and a heading that exist', () => {
  const markdown = pages.filter((page) => page.endsWith('.md'));
  assert.ok(markdown.length >= 10);
  assert.deepEqual(markdown.flatMap(brokenLinks), []);
});

test('the README leads to every page of docs', () => {
  const readme = readFileSync('README.md', 'utf8');
  const missing = pages.filter((page) => page.startsWith('docs/') && page.endsWith('.md') && !readme.includes(page));
  assert.deepEqual(missing, []);
});
