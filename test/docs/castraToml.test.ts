import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { analyzeBootstrap } from '../../runtime/config/bootstrap/analyzeBootstrap.ts';
import { analyze, HEAD } from '../runtime/config/marked.ts';

const text = readFileSync('docs/castra-toml.md', 'utf8');
const examples = [...text.matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');

describe('docs/castra-toml.md', () => {
  it('is, like bootstrap-toml.md and cli.md, what scripts/docs.mjs makes of schemas and help', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/docs.mjs', '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  it('has examples without a finding', () => {
    assert.ok(examples.length > 8);
    for (const example of examples) {
      const vm = '[[vms]]\nname = "web"\nbase_image = "web.qcow2"\ncount = 2\n';
      const before = example.startsWith('[vms.') || example.startsWith('[[vms.') ? vm : '';
      const around = example.includes('[project]') ? 'version = "0.2.0"\n' : HEAD;
      const needed = example.includes('needs = ["db"]') ? '[[vms]]\nname = "db"\n' : '';
      const after = before === '' && !example.startsWith('[[vms]]') ? vm : needed;
      const whole = example.startsWith('version')
        ? `${example}[project]\nname = "demo"\n${vm}`
        : around + before + example + after;
      const instance = example.startsWith('[[vms.instances.')
        ? whole.replace('[[vms.inst', '[[vms.instances]]\nid = "web-1"\n[[vms.inst')
        : whole;
      assert.deepEqual(analyze(instance).diagnostics, [], instance);
    }
  });

  it('links only to headings that it has', () => {
    const anchors = [...text.matchAll(/^## (.*)$/gm)].map(
      (match) => `#${match[1]?.replaceAll(/[^\w ]/g, '').toLowerCase()}`,
    );
    const links = [...text.matchAll(/\]\((#[^)]*)\)/g)].map((match) => match[1]);
    assert.ok(links.length > 8);
    assert.deepEqual(
      links.filter((link) => !anchors.includes(String(link))),
      [],
    );
  });
});

describe('docs/bootstrap-toml.md', () => {
  const page = readFileSync('docs/bootstrap-toml.md', 'utf8');
  const blocks = [...page.matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');

  it('has examples without a finding, alone and together', () => {
    assert.equal(blocks.length, 4);
    for (const text of [...blocks, blocks.join('\n')]) {
      const { diagnostics } = analyzeBootstrap({ text, path: '/srv/demo/bootstrap/web/bootstrap.toml' });
      assert.deepEqual(diagnostics, [], text);
    }
  });

  it('has every key of the schema', () => {
    const schema = JSON.parse(readFileSync('runtime/config/bootstrap.schema.json', 'utf8')) as Table & {
      readonly definitions: Readonly<Record<string, Table>>;
    };
    const keys = [schema, ...Object.values(schema.definitions)].flatMap((table) => Object.keys(table.properties));
    assert.deepEqual(
      keys.filter((key) => !page.includes(`\`${key}\``)),
      [],
    );
  });
});

interface Table {
  readonly properties: Readonly<Record<string, unknown>>;
}
