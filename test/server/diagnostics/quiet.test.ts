import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { DiagnosticSeverity } from 'vscode-languageserver';
import { SETTLE_MS } from '../../../server/diagnostics/screen.ts';
import { type Editor, openEditor } from '../../support/typing/editor.ts';
import { TYPED_FILES } from '../../support/typing/files.ts';
import { ACCEPTED_AFTER, Typist } from '../../support/typing/typist.ts';

const VM = 'version = "0.2.0"\n[project]\nname = "demo"\n[[vms]]\nname = "web"\n';
const LINE = 5;

function editorWith(t: TestContext, text: string): Editor {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const editor = openEditor();
  editor.open(text);
  return editor;
}

/** Types at the end of a line, one character at a time. */
function typeAt(editor: Editor, line: number, text: string): void {
  const lines = editor.text.split('\n');
  let at = lines.slice(0, line + 1).join('\n').length;
  for (const key of text) {
    editor.edit({ from: at, to: at, text: key });
    at += 1;
  }
}

describe('while a line is being typed', () => {
  it('nothing says that it is unfinished, until the cursor left it', (t) => {
    const editor = editorWith(t, `${VM}\n`);
    typeAt(editor, LINE, 'memory = "2 Gi');
    assert.deepEqual(editor.codes(), []);
    typeAt(editor, LINE, '\n');
    assert.deepEqual(editor.codes(), [`toml/unterminated-string ${LINE}`]);
  });

  it('or another line was edited', (t) => {
    const editor = editorWith(t, `${VM}\n`);
    typeAt(editor, LINE, 'cpu');
    assert.deepEqual(editor.codes(), []);
    editor.edit({ from: 0, to: 0, text: '#' });
    assert.deepEqual(editor.codes(), [`toml/missing-equals ${LINE}`]);
  });

  it('or the pause was long enough, which is said once', (t) => {
    const editor = editorWith(t, `${VM}\n`);
    typeAt(editor, LINE, 'cpus = ');
    t.mock.timers.tick(SETTLE_MS - 1);
    assert.deepEqual([editor.codes(), editor.settled], [[], 0]);
    t.mock.timers.tick(1);
    assert.deepEqual([editor.codes(), editor.settled], [[`toml/missing-value ${LINE}`], 1]);
    t.mock.timers.tick(SETTLE_MS);
    assert.equal(editor.settled, 1);
  });

  it('nothing asks the client to look again when nothing waited', (t) => {
    const editor = editorWith(t, `${VM}\n`);
    typeAt(editor, LINE, '# a comment');
    t.mock.timers.tick(SETTLE_MS);
    assert.equal(editor.settled, 0);
  });

  it('what cannot become right is said at once', (t) => {
    const editor = editorWith(t, `${VM}\n`);
    typeAt(editor, LINE, 'cpus = "');
    editor.edit({ from: editor.text.length - 1, to: editor.text.length - 1, text: '"' });
    assert.deepEqual(editor.codes(), [`config/wrong-type ${LINE}`]);
  });

  it('what was shown before stays, also on its own line and when lines come above it', (t) => {
    const editor = editorWith(t, `${VM}cup = 2\n`);
    const before = [`config/unknown-key ${LINE}`];
    assert.deepEqual(editor.codes(), before);
    typeAt(editor, LINE, '0');
    assert.deepEqual(editor.codes(), before);
    editor.edit({ from: 0, to: 0, text: '\n' });
    assert.deepEqual(editor.codes(), [`config/unknown-key ${LINE + 1}`]);
  });

  it('what is wrong below stays where it is while a string is open that takes it in', (t) => {
    const editor = editorWith(t, `${VM}\n[[vms]]\nname = "db"\ncpus = 0\n`);
    const wrong = (line: number) => `config/out-of-range ${line}`;
    assert.deepEqual(editor.codes(), [wrong(LINE + 3)]);
    typeAt(editor, LINE, 'description = """');
    assert.deepEqual(editor.codes(), [wrong(LINE + 3)]);
    typeAt(editor, LINE, '\n');
    assert.ok(editor.codes().includes(wrong(LINE + 4)), String(editor.codes()));
  });

  it('what follows from it on other lines waits as well', (t) => {
    const editor = editorWith(t, `${VM}needs = ["db"]\n[[vms]]\nname = "db"\n`);
    editor.edit({ from: editor.text.length - 2, to: editor.text.length - 2, text: '2' });
    assert.deepEqual(editor.codes(), []);
    t.mock.timers.tick(SETTLE_MS);
    assert.deepEqual(editor.codes(), [`config/unknown-need ${LINE}`]);
  });

  it('a table may still get what it needs, until another begins', (t) => {
    const editor = editorWith(t, VM);
    typeAt(editor, LINE, '[[vms.port_forwards]]\nhost = 80\n\n');
    assert.deepEqual(editor.codes(), []);
    typeAt(editor, LINE + 3, '[[vms]]\n');
    assert.deepEqual(editor.codes(), [`config/missing-key ${LINE}`]);
  });

  it('a text that was replaced as a whole was not typed', (t) => {
    const editor = editorWith(t, VM);
    editor.change([{ text: `${VM}cpus = ` }]);
    assert.deepEqual(editor.codes(), [`toml/missing-value ${LINE}`]);
  });
});

describe('correct files that are typed from the first character to the last', () => {
  for (const accepts of [false, true]) {
    it(`hardly show a finding${accepts ? ' when completion is accepted' : ''}`, async (t) => {
      for (const target of Object.values(TYPED_FILES)) {
        const editor = editorWith(t, '');
        const [keys, bad, elsewhere] = await typeAll(editor, target, accepts);
        assert.ok(bad <= keys * 0.15 && elsewhere <= keys * 0.05, `${bad} and ${elsewhere} of ${keys}`);
        t.mock.timers.reset();
      }
    });
  }
});

async function typeAll(editor: Editor, target: string, accepts: boolean): Promise<readonly [number, number, number]> {
  const typist = new Typist(target);
  let [keys, bad, elsewhere] = [0, 0, 0];
  while (!typist.isDone) {
    const { before } = typist;
    const word = before.slice(before.lastIndexOf('\n') + 1);
    const isName = accepts && ACCEPTED_AFTER.test(word);
    const edit = (isName ? typist.accept(await editor.offers(before.length)) : undefined) ?? typist.press();
    if (edit) editor.edit(edit);
    const wrong = editor.shown().filter(({ severity = 1, code }) => severity <= DiagnosticSeverity.Warning && code);
    keys += 1;
    if (wrong.length > 0) bad += 1;
    if (wrong.some(({ range }) => typist.line < range.start.line || typist.line > range.end.line)) elsewhere += 1;
  }
  assert.equal(editor.text, target);
  return [keys, bad, elsewhere];
}
