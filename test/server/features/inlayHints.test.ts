import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inlayHints } from '../../../server/features/inlayHints.ts';
import { ALL_HINTS } from '../../../server/inlaySettings.ts';
import { analyzed, HEAD, prefixes, URI } from '../../support/analyzed.ts';
import { startClient } from '../../support/lspClient.ts';

const all = (text: string) => ({ from: 0, to: text.length });

/** The text with its hints in ‹…›. */
function hinted(text: string, settings = ALL_HINTS): string {
  const analysis = analyzed(HEAD + text);
  let result = analysis.text;
  for (const { position, label } of inlayHints(analysis, all(analysis.text), settings).toReversed()) {
    const at = analysis.positions.offset(position);
    result = `${result.slice(0, at)}‹${String(label)}›${result.slice(at)}`;
  }
  return result.slice(HEAD.length);
}

describe('inlayHints', () => {
  it('show the defaults that a VM has, as far as it does not say otherwise', () => {
    assert.equal(hinted('[[vms]] # x\nname = "a"\n'), '[[vms]]‹2 cpus · 2 GiB› # x\nname = "a"\n');
    assert.equal(hinted('[[vms]]\nname = "a"\ncpus = 1\n'), '[[vms]]‹2 GiB›\nname = "a"\ncpus = 1\n');
    assert.equal(
      hinted('[[vms]]\nname = "a"\ncpus = 1\nmemory = 64\n'),
      '[[vms]]\nname = "a"\ncpus = 1\nmemory = 64\n',
    );
  });

  const sized = (text: string) => `[[vms]]\ncpus = 1\nmemory = 64\nname = "web"\n${text}`;

  it('show the names of replicas and their ports', () => {
    const forwards = 'port_forwards = [{ host = 8080, guest = 80 }, { host = 0, guest = 81 }]\n';
    assert.equal(
      hinted(sized(`count = 3\n${forwards}`)),
      sized(`count = 3‹web-0 … web-2›\n${forwards.replace('8080', '8080‹8080–8082›')}`),
    );
    assert.equal(hinted(sized(`count = 2\n`)), sized('count = 2‹web-0, web-1›\n'));
    assert.equal(hinted(sized(`count = 1\n${forwards}`)), sized(`count = 1\n${forwards}`));
  });

  it('leave out replicas that have forwards of their own', () => {
    const text = (hint: string) => `count = 3
[[vms.port_forwards]]
host = 80${hint}
guest = 80
[[vms.instances]]
id = "web-2"
port_forwards = []
`;
    assert.equal(hinted(sized(text(''))), sized(text('‹80–81›').replace('= 3', '= 3‹web-0 … web-2›')));
  });

  it('show where an overlay is, unless that is what is written', () => {
    assert.equal(hinted(sized('overlay = "o.qcow2"\n')), sized('overlay = "o.qcow2"‹→ /srv/demo/o.qcow2›\n'));
    assert.equal(hinted(sized('overlay = "/srv/o.qcow2"\n')), sized('overlay = "/srv/o.qcow2"\n'));
    const instance = (hint: string) => `[[vms.instances]]\nid = "web-0"\noverlay = "i.qcow2"${hint}\n`;
    assert.equal(hinted(sized(instance(''))), sized(instance('‹→ /srv/demo/i.qcow2›')));
  });

  it('can be switched off, all together and each kind by itself', () => {
    const text = '[[vms]]\nname = "a"\ncount = 2\noverlay = "o"\nport_forwards = [{ host = 1, guest = 2 }]\n';
    const count = (settings: Partial<typeof ALL_HINTS>) =>
      hinted(text, { ...ALL_HINTS, ...settings }).split('‹').length - 1;
    assert.equal(count({}), 4);
    assert.equal(count({ enable: false }), 0);
    for (const kind of ['defaults', 'replicas', 'ports', 'overlay'] as const) assert.equal(count({ [kind]: false }), 3);
  });

  it('are only those of the stretch that is asked for, and explain themselves', () => {
    const text = `${HEAD}[[vms]]\nname = "a"\n[[vms]]\nname = "b"\ncount = 2\n`;
    const hints = inlayHints(analyzed(text), { from: text.indexOf('count'), to: text.length }, ALL_HINTS);
    assert.deepEqual(
      hints.map(({ label, tooltip }) => [label, tooltip]),
      [['b-0, b-1', '2 VMs: b-0, b-1']],
    );
  });

  it('never fail, however broken the text is', () => {
    for (const analysis of prefixes()) {
      for (const { label, tooltip } of inlayHints(analysis, all(analysis.text), ALL_HINTS)) {
        assert.ok(!/undefined|NaN/.test(`${String(label)}${String(tooltip)}`), `${String(label)} ${String(tooltip)}`);
      }
    }
  });

  it('follow the settings of the client, and ask for a refresh when they change', async (t) => {
    const client = startClient(t);
    let enable = false;
    client.answers.set('workspace/configuration', () => [{ enable }]);
    const workspace = { configuration: true, inlayHint: { refreshSupport: true } };
    await client.initialize({ capabilities: { workspace } });
    client.open(URI, '[[vms]]\nname = "a"\n');
    const range = { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } };
    const ask = async () =>
      (await client.request<unknown[]>('textDocument/inlayHint', { textDocument: { uri: URI }, range })).length;
    assert.equal(await ask(), 0);
    enable = true;
    const refreshed = client.next('workspace/inlayHint/refresh');
    client.notify('workspace/didChangeConfiguration', { settings: null });
    await refreshed;
    assert.equal(await ask(), 1);
    await client.stop();
  });
});
