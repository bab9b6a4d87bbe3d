import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const FOLDER = join(process.cwd(), 'client/media');
const PICTURE_BYTES = 6000;

const pictures = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.svg'));
const steps = pictures.filter((name) => name.startsWith('walkthrough'));

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

describe('the pictures of the extension', () => {
  test('are there, with one for each step of the walkthrough', () => {
    assert.equal(steps.length, 5);
    assert.ok(pictures.includes('castra.svg'));
  });

  for (const name of pictures) {
    test(`${name} is small and loads nothing`, () => {
      const text = read(name);
      assert.ok(text.length < PICTURE_BYTES, `${text.length} bytes`);
      assert.doesNotMatch(text, /<(?:script|image|foreignObject|use|a)\b|@import|url\((?!#)|\bhref=|\bon\w+=/);
      assert.deepEqual(text.match(/\w+:\/\/[^"]+/g), ['http://www.w3.org/2000/svg']);
    });
  }

  for (const name of steps) {
    // The page of a walkthrough has a policy that drops style elements and attributes.
    test(`${name} follows the theme, by attributes only`, () => {
      const text = read(name);
      const colors = [...text.matchAll(/\b(?:fill|stroke)="([^"]*)"/g)].map(([, color]) => color ?? '');
      assert.ok(colors.length > 10);
      for (const color of colors) assert.match(color, /^(?:none|var\(--vscode-[\w-]+\))$/);
      assert.doesNotMatch(text, /<style|\bstyle=|\bclass=/);
      assert.match(text, /<title>[^<]+<\/title>/);
    });
  }

  test('give the activity bar a shape of one colour in a square of 24', () => {
    const text = read('castra.svg');
    assert.match(text, /width="24" height="24" viewBox="0 0 24 24"/);
    const colors = [...text.matchAll(/\b(?:fill|stroke)="([^"]*)"/g)].map(([, color]) => color);
    assert.deepEqual([...new Set(colors)].sort(), ['currentColor', 'none']);
  });

  test('give the Marketplace a PNG of 128 by 128', () => {
    const png = readFileSync(join(FOLDER, 'icon.png'));
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [128, 128]);
    assert.ok(png.length < PICTURE_BYTES);
  });
});
