import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { linksOf } from '../support/markdownLinks.ts';

const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((name) => `docs/${name}`)];

const anchorsOf = (path: string) => linksOf(readFileSync(path, 'utf8')).anchors;

function brokenLinks(page: string): string[] {
  const { links, pictures } = linksOf(readFileSync(page, 'utf8'));
  return [...links, ...pictures]
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && (statSync(target).isDirectory() || !anchorsOf(target).includes(anchor));
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
