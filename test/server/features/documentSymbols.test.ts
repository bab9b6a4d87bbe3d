import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DocumentSymbol, Range } from 'vscode-languageserver';
import { documentSymbols } from '../../../server/features/documentSymbols.ts';
import { analyzed, HEAD, prefixes, URI } from '../../support/analyzed.ts';
import { startClient } from '../../support/lspClient.ts';

const show = (symbols: readonly DocumentSymbol[] = []): unknown[] =>
  symbols.map(({ name, detail, children = [] }) => {
    const label = detail ? `${name} (${detail})` : name;
    return children.length > 0 ? [label, ...show(children)] : label;
  });

const textIn = (text: string, { start, end }: Range) => {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return text.slice((starts[start.line] ?? 0) + start.character, (starts[end.line] ?? 0) + end.character);
};

describe('documentSymbols', () => {
  it('calls VMs by their roles, says what they have, and puts keys and further tables below them', () => {
    const text = `version = "0.2.0"
[project]
name = "demo"
[[vms]]
cpus = 4
name = "devbox"
[[vms.port_forwards]]
host = 8080
guest = 80
[vms.bootstrap.env]
A = "b"
[[vms]]
name = "web"
count = 3
memory = "1.5 GiB"
`;
    assert.deepEqual(show(documentSymbols(analyzed(text))), [
      'version ("0.2.0")',
      ['project', 'name ("demo")'],
      [
        'devbox (4 × 2 GiB)',
        'cpus (4)',
        'name ("devbox")',
        ['8080 → 80 (port_forwards)', 'host (8080)', 'guest (80)'],
        ['vms.bootstrap.env', 'A ("b")'],
      ],
      ['web (2 × 1536 MiB, 3 VMs)', 'name ("web")', 'count (3)', 'memory ("1.5 GiB")'],
    ]);
  });

  it('shows tables in braces like those under headers', () => {
    const text = 'vms = [{ name = "a", port_forwards = [{ host = 0, guest = 80 }] }]\n';
    assert.deepEqual(show(documentSymbols(analyzed(text))), [
      ['vms', ['a (2 × 2 GiB)', 'name ("a")', ['port_forwards', ['0 → 80', 'host (0)', 'guest (80)']]]],
    ]);
  });

  it('has exact ranges: all that belongs to a table, and the name of a VM as what is selected', () => {
    const text = `${HEAD}[[vms]] # web\nname = "web"\n[vms.bootstrap]\nmode = "auto" # why\n\n# next\n[broker]\n`;
    const [, , vm, broker] = documentSymbols(analyzed(text));
    assert.ok(vm && broker);
    assert.equal(textIn(text, vm.range), '[[vms]] # web\nname = "web"\n[vms.bootstrap]\nmode = "auto"');
    assert.equal(textIn(text, vm.selectionRange), '"web"');
    assert.equal(textIn(text, broker.selectionRange), 'broker');
    assert.equal(textIn(text, broker.range), '[broker]');
  });

  it('does not put a table below a VM that another table separates from it', () => {
    const text = `${HEAD}[[vms]]\nname = "web"\n[broker]\n[vms.bootstrap]\n`;
    assert.deepEqual(show(documentSymbols(analyzed(text))).slice(2), [
      ['web (2 × 2 GiB)', 'name ("web")'],
      'broker',
      'vms.bootstrap',
    ]);
  });

  it('ends at 5,000 symbols', () => {
    const text = Array.from({ length: 6000 }, (_, index) => `k${index} = 1\n`).join('');
    assert.equal(documentSymbols(analyzed(text)).length, 5000);
  });

  it('gives every symbol a name, and a selection within its range, however broken the text is', () => {
    const check = ({ name, range, selectionRange, children = [] }: DocumentSymbol) => {
      assert.notEqual(name.trim(), '');
      const at = ({ line, character }: Range['start']) => line * 1e6 + character;
      assert.ok(at(range.start) <= at(selectionRange.start) && at(selectionRange.end) <= at(range.end), name);
      children.forEach(check);
    };
    for (const analysis of [...prefixes(), analyzed('[]\n= 1\n[[vms]]\nname = ""\n[""]\n"" = 1\na = [{}, {id = " "}]')])
      documentSymbols(analysis).forEach(check);
  });

  it('is flat for clients that know no hierarchy', async (t) => {
    const client = startClient(t);
    await client.initialize();
    client.open(URI, `${HEAD}[[vms]]\nname = "web"\n`);
    const symbols = await client.request<{ name: string; containerName?: string }[]>('textDocument/documentSymbol', {
      textDocument: { uri: URI },
    });
    assert.deepEqual(
      symbols.map(({ name, containerName }) => [name, containerName]),
      [
        ['version', undefined],
        ['project', undefined],
        ['name', 'project'],
        ['web', undefined],
        ['name', 'web'],
      ],
    );
    await client.stop();
  });
});
