import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeLenses } from '../../../server/features/codeLens.ts';
import { analyzed, HEAD, prefixes, URI } from '../../support/analyzed.ts';
import { startClient } from '../../support/lspClient.ts';

const TEXT = `${HEAD}[[vms]]\nname = "web"\ncount = 2\n[[vms]]\n`;
const LENS = {
  range: { start: { line: 3, character: 0 }, end: { line: 3, character: 7 } },
  command: {
    title: '',
    command: 'castra.lens.vm',
    arguments: [{ uri: URI, role: 'web', vms: ['web-0', 'web-1'] }],
  },
};

describe('codeLenses', () => {
  it('has the role and its VMs above each header, once the role has a name', () => {
    assert.deepEqual(codeLenses(analyzed(TEXT)), [LENS]);
  });

  it('never fails, however broken the text is', () => {
    for (const analysis of prefixes()) codeLenses(analysis);
  });

  it('is there only for a client that fills it in', async (t) => {
    const plain = startClient(t);
    assert.equal((await plain.initialize()).capabilities.codeLensProvider, undefined);
    await plain.stop();
    const client = startClient(t);
    await client.initialize({ initializationOptions: { codeLens: true } });
    client.open(URI, TEXT);
    assert.deepEqual(await client.request('textDocument/codeLens', { textDocument: { uri: URI } }), [LENS]);
    await client.stop();
  });
});
