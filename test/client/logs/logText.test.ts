import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundedText, plainLine } from '../../../client/logs/logText.ts';

const ESC = '\u001b';

test('a line for an output channel has no colours, titles, cursor moves and control characters, and keeps its tabs', () => {
  assert.equal(plainLine(`[  ${ESC}[0;32mOK${ESC}[0m  ] Started\tsshd.`), '[  OK  ] Started\tsshd.');
  assert.equal(plainLine(`${ESC}]0;root@web${'\u0007'}$ ls${ESC}[K`), '$ ls');
  assert.equal(plainLine(`${ESC}[2J${ESC}[01;01Hbell${'\u0007'}\u0000`), 'bell');
  assert.equal(plainLine('Grüße €'), 'Grüße €');
});

test('of a progress that overwrites its line the last stays', () => {
  assert.equal(plainLine('10 %\r50 %\r100 %'), '100 %');
  assert.equal(plainLine(`10 %\r100 %\r${ESC}[K`), '100 %');
  assert.equal(plainLine('\r'), '');
});

test('what was typed and taken back is not in the line', () => {
  assert.equal(plainLine('$ lss\b \b -l'), '$ ls -l');
  assert.equal(plainLine('\b\bok'), 'ok');
});

function channel() {
  const calls: [string, number][] = [];
  let text = '';
  const sink = {
    append(more: string) {
      text += more;
      calls.push(['append', more.length]);
    },
    replace(all: string) {
      text = all;
      calls.push(['replace', all.length]);
    },
  };
  return { sink, calls, text: () => text };
}

test('a channel that is full starts again with its last whole lines and a note', () => {
  const { sink, calls, text } = channel();
  const write = boundedText(sink, { full: 100, kept: 25 }, '… earlier: /srv/a.log');
  for (let line = 0; line < 10; line++) write(`line ${line} ..\n`);
  assert.ok(calls.every(([kind]) => kind === 'append'));
  write('line 10 .\n');
  assert.deepEqual(calls.at(-1)?.[0], 'replace');
  assert.equal(text(), '… earlier: /srv/a.log\nline 9 ..\nline 10 .\n');
  write('next\n');
  assert.ok(text().endsWith('line 10 .\nnext\n'));
});

test('a channel never has more than its bounds, however long the lines and the bursts are', () => {
  const { sink, text } = channel();
  const write = boundedText(sink, { full: 1000, kept: 100 }, 'note');
  for (let count = 0; count < 50; count++) {
    write(count % 3 === 0 ? `${'x'.repeat(5000)}\n` : `${'y'.repeat(90)}\n`);
    assert.ok(text().length <= 1000, `${text().length} after ${count}`);
  }
  assert.ok(text().endsWith(`${'y'.repeat(90)}\n`));
});
