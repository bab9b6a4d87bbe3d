import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linkedRanges } from '../../../server/features/linkedEditing.ts';
import { analyzed, HEAD, URI } from '../../support/analyzed.ts';
import { startClient } from '../../support/lspClient.ts';
import { cursor } from '../../support/marks.ts';

/** The text at each linked range, with the line that it is on. */
function linked(marked: string): string[] | undefined {
  const { text, offset } = cursor(marked);
  const { positions } = analyzed(text);
  return linkedRanges(analyzed(text), offset)?.ranges.map(({ start, end }) => {
    return `${start.line} ${text.slice(positions.offset(start), positions.offset(end))}`;
  });
}

const project = (name: string) => `${HEAD}[[vms]]
name = ${name}
count = 2
[[vms.instances]]
id = "web-1"
[[vms]]
name = "db"
needs = ["web", "web-0"]
`;

describe('linked editing', () => {
  it('types the name of a role, the ids of its instances and what needs it as one', () => {
    const line = HEAD.split('\n').length;
    const all = [line, line + 3, line + 6, line + 6].map((at) => `${at} web`);
    assert.deepEqual(linked(project('"w|eb"')), all);
    assert.deepEqual(linked(project('"web"').replace('"web-1"', '"web|-1"')), all);
  });

  it('links nothing that is there once, behind the name, in what is no name, or written with escapes', () => {
    assert.equal(linked(project('"web"').replace('"db"', '"d|b"')), undefined);
    assert.equal(linked(project('"web"').replace('"web-1"', '"web-1|"')), undefined);
    assert.equal(linked(project('"web"').replace('count = 2', 'count| = 2')), undefined);
    assert.equal(linked(project(String.raw`"\u0077e|b"`)), undefined);
  });

  it('is offered over LSP', async (t) => {
    const client = startClient(t);
    await client.initialize();
    const { text } = cursor(project('"|web"'));
    client.open(URI, text);
    const position = { line: HEAD.split('\n').length, character: 9 };
    const answer = await client.request<{ ranges: unknown[] }>('textDocument/linkedEditingRange', {
      textDocument: { uri: URI },
      position,
    });
    assert.equal(answer.ranges.length, 4);
    assert.equal(await client.stop(), 0);
  });
});
