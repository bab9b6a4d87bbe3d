import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findTokens, semanticTokens, TOKEN_MODIFIERS, TOKEN_TYPES } from '../../../server/features/semanticTokens.ts';
import { analyzed, prefixes, URI } from '../../support/analyzed.ts';
import { startClient } from '../../support/lspClient.ts';

const show = (text: string) =>
  findTokens(analyzed(text)).map(({ from, to, type, modifiers }) =>
    [text.slice(from, to), type, ...modifiers].join(' '),
  );

/** The tokens of a client, which has only the numbers. */
function decode(data: readonly number[], text: string): string[] {
  const lines = text.split(/\r?\n/);
  const tokens: string[] = [];
  let [line, character] = [0, 0];
  for (let at = 0; at < data.length; at += 5) {
    const [down = 0, right = 0, length = 0, type = 0, mask = 0] = data.slice(at, at + 5);
    character = down === 0 ? character + right : right;
    line += down;
    const modifiers = TOKEN_MODIFIERS.filter((_, bit) => mask & (1 << bit));
    tokens.push([lines[line]?.slice(character, character + length), TOKEN_TYPES[type], ...modifiers].join(' '));
  }
  return tokens;
}

describe('semanticTokens', () => {
  it('tells tables, known and unknown keys, names, words, paths and values apart', () => {
    const text = `# comment
[[vms]]
name = "web"
firmware = "uefi"
base_image = "a.qcow2"
description = "uefi"
cpus = 2
colour = true
managed_image = 2024-02-03
[vms.bootstrap.env]
A = 'x'
[nothing.here]
`;
    assert.deepEqual(show(text), [
      'vms type',
      'name property',
      '"web" class declaration',
      'firmware property',
      '"uefi" enumMember',
      'base_image property',
      '"a.qcow2" string path',
      'description property',
      '"uefi" string',
      'cpus property',
      '2 number',
      'colour property unknown',
      'true keyword',
      'managed_image property deprecated',
      '2024-02-03 number date',
      'vms type',
      'bootstrap type',
      'env type',
      'A property',
      "'x' string",
      'nothing type unknown',
      'here type unknown',
    ]);
  });

  it('knows dotted keys and tables in braces', () => {
    assert.deepEqual(show('vms = [{ bootstrap.mode = "auto", instances = [{ id = "a-0" }] }]\n'), [
      'vms property',
      'bootstrap property',
      'mode property',
      '"auto" enumMember',
      'instances property',
      'id property',
      '"a-0" class',
    ]);
  });

  it('takes a key by what it says, also when JavaScript knows its name', () => {
    assert.deepEqual(show('constructor = "x"\n"__proto__" = "y"\n'), [
      'constructor property unknown',
      '"x" string',
      '"__proto__" property unknown',
      '"y" string',
    ]);
  });

  it('has one token for each line of a string', () => {
    const text = 'a = """x\r\n\r\n  é😀y"""\r\nb = 1\r\n';
    assert.deepEqual(decode(semanticTokens(analyzed(text)).data, text), [
      'a property unknown',
      '"""x string',
      '  é😀y""" string',
      'b property unknown',
      '1 number',
    ]);
  });

  it('is in order, without overlaps or empty tokens, however broken the text is', () => {
    for (const analysis of prefixes()) {
      let end = 0;
      for (const { from, to } of findTokens(analysis)) {
        assert.ok(from >= end && to >= from, analysis.text);
        end = to;
      }
      const { data } = semanticTokens(analysis);
      assert.ok(data.every((number, at) => Number.isInteger(number) && number >= (at % 5 === 2 ? 1 : 0)));
    }
  });

  it('comes with its legend', async (t) => {
    const client = startClient(t);
    const { capabilities } = await client.initialize();
    assert.deepEqual(capabilities.semanticTokensProvider, {
      legend: { tokenTypes: TOKEN_TYPES, tokenModifiers: TOKEN_MODIFIERS },
      full: true,
    });
    client.open(URI, 'version = "0.2.0"\n');
    const { data } = await client.request<{ data: number[] }>('textDocument/semanticTokens/full', {
      textDocument: { uri: URI },
    });
    assert.deepEqual(decode(data, 'version = "0.2.0"\n'), ['version property', '"0.2.0" string']);
    await client.stop();
  });
});
