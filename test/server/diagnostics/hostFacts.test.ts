import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startClient } from '../../support/lspClient.ts';

const URI = 'file:///srv/demo/castra.toml';
const TEXT = 'version = "0.2.0"\n[project]\nname = "demo"\n[[vms]]\nname = "web"\ncpus = 4\n';

interface Published {
  readonly diagnostics: readonly { readonly code: string }[];
}

test('what the client tells about the host shows at its line, and goes when it is no longer so', async (t) => {
  const client = startClient(t);
  await client.initialize();
  const clean = client.next<Published>('textDocument/publishDiagnostics');
  client.open(URI, TEXT);
  assert.deepEqual((await clean).diagnostics, []);
  const told = client.next<Published>('textDocument/publishDiagnostics');
  client.notify('castra/hostFacts', { uri: URI, facts: { cpus: 2 } });
  assert.deepEqual(
    (await told).diagnostics.map(({ code }) => code),
    ['host/cpus'],
  );
  const gone = client.next<Published>('textDocument/publishDiagnostics');
  client.notify('castra/hostFacts', { uri: URI, facts: { cpus: 8 } });
  assert.deepEqual((await gone).diagnostics, []);
  await client.stop();
});
