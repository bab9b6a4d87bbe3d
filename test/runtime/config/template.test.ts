import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeConfig } from '../../../runtime/config/analyze.ts';
import { configTemplate } from '../../../runtime/config/template.ts';
import { formatToml } from '../../../runtime/config/toml/format/format.ts';
import { DEFAULT_STYLE } from '../../../runtime/config/toml/format/style.ts';
import { parseToml } from '../../../runtime/config/toml/parser.ts';
import { createRandom } from './toml/fuzz.ts';

const analyze = (text: string) => analyzeConfig({ text, path: '/srv/demo/castra.toml', home: '/home/me/.castra' });

test('the template declares one VM called devbox with the default image and no diagnostics', () => {
  const { project, diagnostics } = analyze(configTemplate('demo'));
  assert.deepEqual(diagnostics, []);
  assert.equal(project?.name, 'demo');
  assert.equal(project?.version, '0.2.0');
  assert.deepEqual(
    project?.vms.map(({ name, image, forwards }) => ({ name, image, forwards })),
    [{ name: 'devbox-0', image: { kind: 'default-alpine' }, forwards: [] }],
  );
});

test('every setting that the template shows in a comment is valid once its comment sign is gone', () => {
  const text = configTemplate('demo').replace(/^# (?=\w+ = |\[)/gm, '');
  const { project, diagnostics } = analyze(text);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(project?.vms[0]?.forwards, [{ bind: '127.0.0.1', host: 0, guest: 80, protocol: 'tcp' }]);
  assert.equal(project?.vms[0]?.image.kind, 'file');
});

test('the settings in comments are the ones a newcomer needs', () => {
  const shown = [...configTemplate('demo').matchAll(/^# (\w+) = |^# (\[.+\])$/gm)].map((match) => match[1] ?? match[2]);
  const wanted = ['base_image', 'cpus', 'memory', '[[vms.port_forwards]]', 'host', 'ready', 'accelerator'];
  for (const key of [...wanted, '[lifecycle]', '[broker]', '[bootstrap]']) assert.ok(shown.includes(key), key);
});

test('any name comes back as it was given', () => {
  const names = [
    'a "quoted" name',
    'C:\\new\\table',
    'two\nlines',
    '"""',
    "'''",
    '# no comment',
    '[vms]',
    '$HOME',
    '$&',
  ];
  const odd = [
    '\u0000\u0001\u001F\u007F\u0085',
    '\r\n\t\b\f',
    '🏰 Castra',
    'é',
    '\u2028',
    '\uFEFFbom',
    ' ',
    '__proto__',
  ];
  for (const name of [...names, ...odd, 'x'.repeat(10_000)]) {
    const { project, diagnostics } = analyze(configTemplate(name));
    assert.deepEqual(diagnostics, [], JSON.stringify(name));
    assert.equal(project?.name, name);
  }
});

test('random names never break the template', () => {
  const random = createRandom(7);
  for (let round = 0; round < 300; round++) {
    const units = Array.from({ length: 8 }, () => Math.floor(random() * (random() < 0.5 ? 0x80 : 0x10000)));
    const name = String.fromCharCode(...units);
    assert.deepEqual(analyze(configTemplate(name)).diagnostics, [], JSON.stringify(name));
  }
});

test('a name that no file can hold is replaced: an empty one, and half a surrogate pair', () => {
  assert.equal(analyze(configTemplate('')).project?.name, 'project');
  assert.equal(analyze(configTemplate('a\uD800b')).project?.name, 'a\uFFFDb');
});

test('the template is formatted', () => {
  assert.deepEqual(formatToml(parseToml(configTemplate('demo')), DEFAULT_STYLE), { edits: [] });
});
