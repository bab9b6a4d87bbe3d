import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linePattern } from '../../../../runtime/vm/boot/linePattern.ts';

describe('a pattern for a line of the console', () => {
  it('finds a line that comes in pieces, and a prompt that no line end follows', async () => {
    const line = await linePattern('^(\\S+) login:');
    assert.equal(line.find('Debian\r\nweb lo'), undefined);
    assert.equal(line.find('gin: '), 'web login:');
  });

  it('does not match across two lines, nor escape sequences', async () => {
    const line = await linePattern('^app (up|running)$');
    assert.equal(line.find('app \r\nup\r\n'), undefined);
    assert.equal(line.find('\u001b[32mapp\u001b[0m running\r\n'), 'app running');
  });

  for (const pattern of ['^(a+)+$', '(\\S+\\s*)+login:', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    it(`${pattern} takes time linear to the text, whatever that is`, { timeout: 20_000 }, async () => {
      const line = await linePattern(pattern);
      for (const text of ['-a', 'x', 'ab ']) assert.equal(line.find(`${text.repeat(100_000)}!\n`), undefined);
    });
  }

  it('keeps no more of a line without an end than one part', async () => {
    const line = await linePattern('needle');
    for (let piece = 0; piece < 1000; piece++) assert.equal(line.find('x'.repeat(64 * 1024)), undefined);
    assert.equal(line.find('\nneedle\n'), 'needle');
  });
});
