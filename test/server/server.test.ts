import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SERVER, startClient } from '../support/lspClient.ts';

const URI = 'file:///srv/demo/castra.toml';
const GOOD = 'version = "0.2.0"\n[project]\nname = "demo"\n[[vms]]\nname = "web"\n';

interface Published {
  readonly uri: string;
  readonly version?: number;
  readonly diagnostics: readonly { readonly code: string; readonly range: unknown; readonly message: string }[];
}

describe('the language server', () => {
  it('is a file of less than 475 kB, for editors read it when they start', () => {
    assert.ok(statSync(SERVER).size < 475_000);
  });

  it('tells what is wrong by itself when the client does not ask', async (t) => {
    const client = startClient(t);
    const { capabilities } = await client.initialize();
    assert.equal(capabilities.diagnosticProvider, undefined);
    const first = client.next<Published>('textDocument/publishDiagnostics');
    client.open(URI, GOOD.replace('"web"', '"Web"'));
    const { diagnostics, version } = await first;
    assert.equal(version, 1);
    assert.deepEqual(
      diagnostics.map(({ code, range }) => [code, range]),
      [['config/invalid-vm-name', { start: { line: 4, character: 7 }, end: { line: 4, character: 12 } }]],
    );
    assert.equal(await client.stop(), 0);
  });

  it('waits to be asked when the client asks, and never tells then', async (t) => {
    const client = startClient(t);
    const { capabilities } = await client.initialize({ capabilities: { textDocument: { diagnostic: {} } } });
    assert.ok(capabilities.diagnosticProvider);
    client.open(URI, 'version = ');
    const report = await client.request<{ items: readonly { code: string }[] }>('textDocument/diagnostic', {
      textDocument: { uri: URI },
    });
    assert.ok(report.items.some(({ code }) => code === 'toml/missing-value'));
    assert.equal(await client.stop(), 0);
    assert.ok(client.received.every(({ method }) => method !== 'textDocument/publishDiagnostics'));
  });

  it('looks only at the newest version of a burst', async (t) => {
    const client = startClient(t);
    await client.initialize();
    const seen: Published[] = [];
    const last = client.next<Published>('textDocument/publishDiagnostics', (published) => {
      seen.push(published);
      return published.version === 21;
    });
    client.open(URI, GOOD);
    for (let version = 2; version <= 21; version++) {
      const end = { line: 5, character: 0 };
      client.change(URI, version, [{ range: { start: end, end }, text: `é${version} = 1\n` }]);
    }
    const codes = (await last).diagnostics.map(({ code }) => code);
    assert.equal(codes.filter((code) => code === 'toml/bare-key').length, 20);
    assert.ok(seen.length < 21, `${seen.length} versions were published`);
    await client.stop();
  });
});
